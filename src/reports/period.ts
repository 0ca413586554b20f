import type { Deps } from "../deps.ts";
import { lastTwelveMonths, type Period, parsePeriod, periodStart } from "../shared/period.ts";
import type { Interval } from "./query-schema.ts";

/**
 * The days that a request names; without both, the twelve months that end with `to` or with the month of `now`. Of years a whole one to
 * begin with: a row that says 2027 must not leave out its January.
 */
function reportPeriod(
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

/** The period of a request and the zone of its days: the newsroom's, as it is at this moment. */
export function periodOf(
  deps: Pick<Deps, "newsroom" | "now">,
  days: { readonly from?: string | undefined; readonly to?: string | undefined },
  interval?: Interval,
): { readonly period: Period; readonly timeZone: string } {
  const timeZone = deps.newsroom().time_zone;
  return { period: reportPeriod(days, deps.now(), timeZone, interval), timeZone };
}

/** Which days an answer is about, since they need not have been asked for. */
export function daysOf(period: Period, timeZone: string) {
  return { from: period.from, to: period.to, time_zone: timeZone };
}

/** The days of the name are those of the query: the second one is no longer in it. */
export function fileName(report: string, period: Pick<Period, "from" | "to">): string {
  return `${report}_${period.from}_${period.to}.csv`;
}
