import { lastTwelveMonths, type Period, parsePeriod, periodStart } from "../shared/period.ts";
import type { Interval } from "./query-schema.ts";

/**
 * The days that a request names; without both, the twelve months that end with `to` or with the month of `now`. Of years a whole one to
 * begin with: a row that says 2027 must not leave out its January.
 */
export function reportPeriod(
  query: { readonly from?: string | undefined; readonly to?: string | undefined },
  now: Date,
  timeZone: string,
  interval?: Interval,
): Period {
  const end = query.to === undefined ? now : new Date(periodStart(query.to, timeZone).getTime() - 1);
  const { from, to } = lastTwelveMonths(end, timeZone);
  return parsePeriod(query.from, query.to, timeZone, {
    from: interval === "year" ? `${from.slice(0, 4)}-01-01` : from,
    to,
  });
}
