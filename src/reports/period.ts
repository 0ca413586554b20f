import { lastTwelveMonths, type Period, parsePeriod, periodStart } from "../shared/period.ts";

/** The days that a request names; without both, the twelve months that end with `to` or with the month of `now`. */
export function reportPeriod(
  query: { readonly from?: string | undefined; readonly to?: string | undefined },
  now: Date,
  timeZone: string,
): Period {
  const end = query.to === undefined ? now : new Date(periodStart(query.to, timeZone).getTime() - 1);
  return parsePeriod(query.from, query.to, timeZone, lastTwelveMonths(end, timeZone));
}
