export const HOUR = 3600;
export const DAY = 86_400;

export type Interval = "day" | "week" | "month" | "year";

/**
 * When the `count`th period after the anchor begins, in seconds. Months keep the anchor's day and time of day in UTC,
 * or the month's last day where it is too short: 31 January, 28 February, 31 March.
 * https://docs.stripe.com/billing/subscriptions/billing-cycle
 */
function periodStart(anchor: number, interval: Interval, count: number): number {
  if (interval === "day") return anchor + count * DAY;
  if (interval === "week") return anchor + count * 7 * DAY;
  const from = new Date(anchor * 1000);
  const months = from.getUTCMonth() + count * (interval === "year" ? 12 : 1);
  const lastDay = new Date(Date.UTC(from.getUTCFullYear(), months + 1, 0)).getUTCDate();
  const day = Math.min(from.getUTCDate(), lastDay);
  const midnight = Date.UTC(from.getUTCFullYear(), months, day) / 1000;
  return midnight + (anchor % DAY);
}

/** The end of the period that begins at `start`; `start` itself is a period of the anchor. */
export function periodEnd(anchor: number, interval: Interval, intervalCount: number, start: number): number {
  return periodStart(anchor, interval, periodsBetween(anchor, interval, start) + intervalCount);
}

function periodsBetween(anchor: number, interval: Interval, start: number): number {
  if (interval === "day") return Math.round((start - anchor) / DAY);
  if (interval === "week") return Math.round((start - anchor) / (7 * DAY));
  const [from, to] = [new Date(anchor * 1000), new Date(start * 1000)];
  const months = (to.getUTCFullYear() - from.getUTCFullYear()) * 12 + to.getUTCMonth() - from.getUTCMonth();
  return interval === "year" ? Math.round(months / 12) : months;
}

/** `2026-11-23 19:58:40 UTC`: for people to read. */
export function isoSeconds(seconds: number): string {
  return `${new Date(seconds * 1000).toISOString().slice(0, 19).replace("T", " ")} UTC`;
}
