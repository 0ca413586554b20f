/** Something that goes wrong with the next requests, on request. */
export type Fault = { readonly times?: number; readonly path?: string } & (
  | { readonly kind: "status"; readonly status: number }
  /**
   * `hang`: no answer. `cut`: the connection is cut before anything is done. `not_json`: a proxy's HTML page.
   * `after_effect_cut`: everything is done, then the connection is cut. `replayed_500`: a 500 that the idempotency key keeps.
   */
  | { readonly kind: "hang" | "cut" | "not_json" | "after_effect_cut" | "replayed_500" }
);

/** The faults that were asked for, each used up by as many requests to its path as it says. */
export class Faults {
  readonly #waiting: { fault: Fault; left: number }[] = [];

  add(fault: Fault): void {
    this.#waiting.push({ fault, left: fault.times ?? 1 });
  }

  /** The fault of a request to `path`; `/v1/subscriptions/*` in a fault stands for everything below. */
  take(path: string): Fault | undefined {
    const index = this.#waiting.findIndex(({ fault }) => fault.path === undefined || matches(fault.path, path));
    const found = this.#waiting[index];
    if (found === undefined) return undefined;
    found.left -= 1;
    if (found.left <= 0) this.#waiting.splice(index, 1);
    return found.fault;
  }
}

function matches(wanted: string, path: string): boolean {
  return wanted.endsWith("*") ? path.startsWith(wanted.slice(0, -1)) : path === wanted;
}
