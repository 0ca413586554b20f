import type { Window } from "./window.queries.ts";

interface Item {
  readonly id: string;
  readonly created?: number;
}

export interface Span {
  readonly window: Window;
  /** What Stripe lists within it, and at its edges. */
  readonly ids: readonly string[];
}

/**
 * Cuts a list, newest first, into spans of time of which all members are known, so that rows which Stripe doesn't list can be found a page at a
 * time. Many objects share a second, and one second may lie on two pages: the oldest second of a page belongs to the next span.
 */
export function spans(newest: Date, oldest: Date) {
  let upTo = newest;
  let carried: readonly string[] = [];
  return (page: readonly Item[], isLast: boolean): Span | null => {
    const ids = [...carried, ...page.map((item) => item.id)];
    const edge = page.at(-1)?.created ?? 0;
    const above = isLast ? new Date(+oldest - 1) : new Date(edge * 1000);
    if (!isLast)
      carried = [
        ...(above >= upTo ? carried : []),
        ...page.filter((item) => item.created === edge).map((item) => item.id),
      ];
    if (above >= upTo) return null;
    const window = { above, upTo };
    upTo = above;
    return { window, ids };
  };
}
