import type { Deps } from "../deps.ts";
import { periodStart } from "../shared/period.ts";
import type { DisputesFilter } from "./disputes.queries.ts";

/** What of the disputes a query asks for; its days are the newsroom's. */
export function disputesFilter(
  deps: Pick<Deps, "newsroom">,
  query: { readonly from?: string | undefined; readonly to?: string | undefined; readonly status?: string | undefined },
): DisputesFilter {
  const { time_zone: timeZone } = deps.newsroom();
  const { from, to, status } = query;
  return {
    status,
    start: from === undefined ? undefined : periodStart(from, timeZone),
    end: to === undefined ? undefined : periodStart(to, timeZone),
  };
}
