import type { Stripe } from "../../stripe/types.ts";
import { missing } from "./errors.ts";
import { integer, text } from "./params.ts";
import type { Kind, Kinds, Within } from "./store.ts";
import type { World } from "./world.ts";

/** The parameters that every list takes, to be spread into a strict schema. */
export const pageParams = {
  limit: integer(1, 100).optional(),
  starting_after: text().optional(),
  ending_before: text().optional(),
};

export interface Page {
  readonly limit?: number | undefined;
  readonly starting_after?: string | undefined;
  readonly ending_before?: string | undefined;
}

interface ListOptions<T> {
  /** Only objects that this id is linked to; quick. */
  readonly link?: string | undefined;
  /** Only objects made within a time; quick. */
  readonly created?: Within | undefined;
  /** Only objects that pass; looks at each. */
  readonly where?: (object: T) => boolean;
  /** What Stripe calls such an object in an error. */
  readonly called?: string;
}

/** A page of objects, the newest first. https://docs.stripe.com/api/pagination */
export function list<K extends Kind>(
  world: World,
  kind: K,
  url: string,
  page: Page,
  options: ListOptions<Kinds[K]> = {},
): Stripe.ApiList<Kinds[K]> {
  const backwards = page.starting_after === undefined && page.ending_before !== undefined;
  const from = page.starting_after ?? page.ending_before;
  if (from !== undefined && world.store.get(kind, from) === undefined) {
    throw missing(options.called ?? kind, from, backwards ? "ending_before" : "starting_after");
  }
  const limit = page.limit ?? 10;
  const found: Kinds[K][] = [];
  for (const object of world.store.inOrder(kind, {
    newestFirst: !backwards,
    ...(from === undefined ? {} : { from }),
    ...(options.link === undefined ? {} : { link: options.link }),
    ...(options.created === undefined ? {} : { within: options.created }),
  })) {
    if (options.where !== undefined && !options.where(object)) continue;
    if (found.push(object) > limit) break;
  }
  const data = found.slice(0, limit);
  return { object: "list", data: backwards ? data.reverse() : data, has_more: found.length > limit, url };
}
