import { AppError, type FieldError } from "./errors.ts";

/*
 * Periods are half-open: `from` is in, `to` is out, so that two that meet share nothing and miss nothing. Their ends
 * are days in a time zone and become the instants at which those days begin there.
 */

const HOUR_MS = 60 * 60 * 1000;
const DAY_MS = 24 * HOUR_MS;
/** Of the days that a Date can hold, those that every database and spreadsheet can too. */
const DATE = /^(?:19|20|21)\d{2}-\d{2}-\d{2}$/;

export interface Period {
  /** Days as YYYY-MM-DD. */
  readonly from: string;
  readonly to: string;
  /** The instants: `start ≤ t < end`. */
  readonly start: Date;
  readonly end: Date;
}

/** Whether it is a day that exists, as YYYY-MM-DD between 1900 and 2199. */
export function isDate(text: string): boolean {
  return DATE.test(text) && new Date(`${text}T00:00:00Z`).toJSON()?.slice(0, 10) === text;
}

/**
 * The instant at which a day begins in a time zone. That is not always midnight: clocks that are put forward then begin
 * it at 01:00. Where midnight comes twice, it is the first one. Throws RangeError unless `date` is a day.
 */
export function periodStart(date: string, timeZone: string): Date {
  return hourStart(date, 0, timeZone);
}

/**
 * The instant at which the clocks of a time zone show that hour (0 to 23) of a day. An hour that is left out when clocks are put forward
 * begins when they are; of one that comes twice it is the first. Throws RangeError unless `date` is a day.
 */
export function hourStart(date: string, hour: number, timeZone: string): Date {
  if (!isDate(date)) throw new RangeError("Expected a day as YYYY-MM-DD.");
  const shown = Date.parse(`${date}T00:00:00Z`) + hour * HOUR_MS;
  const before = offsetAt(shown - DAY_MS, timeZone);
  const after = offsetAt(shown + DAY_MS, timeZone);
  const candidates = [shown - before, shown - after].sort((a, b) => a - b);
  const exact = candidates.find((instant) => instant + offsetAt(instant, timeZone) === shown);
  return new Date(exact ?? offsetChange(shown - DAY_MS, shown + DAY_MS, timeZone));
}

/** The day that an instant falls on in a time zone, as YYYY-MM-DD. */
export function localDate(instant: Date, timeZone: string): string {
  return new Date(instant.getTime() + offsetAt(instant.getTime(), timeZone)).toISOString().slice(0, 10);
}

/** `addDays("2026-02-28", 1)` → `2026-03-01`. Counts days of the calendar, so no time zone takes part. */
export function addDays(date: string, days: number): string {
  if (!isDate(date)) throw new RangeError("Expected a day as YYYY-MM-DD.");
  return new Date(Date.parse(`${date}T00:00:00Z`) + days * DAY_MS).toISOString().slice(0, 10);
}

/** The hour (0 to 23) that the clocks of a time zone show at an instant. */
export function localHour(instant: Date, timeZone: string): number {
  return new Date(instant.getTime() + offsetAt(instant.getTime(), timeZone)).getUTCHours();
}

/** The same day some months later, or the last of that month where it is shorter: 31 January and a month is 28 February. */
export function monthsLater(date: string, months: number): string {
  const [year = 0, month = 1, day = 1] = date.split("-").map(Number);
  const lastDay = new Date(Date.UTC(year, month - 1 + months + 1, 0)).getUTCDate();
  return new Date(Date.UTC(year, month - 1 + months, Math.min(day, lastDay))).toISOString().slice(0, 10);
}

/** Whether it is a time zone of the IANA list. Node also takes offsets such as +01:00, which know no summer time. */
export function isTimeZone(name: string): boolean {
  if (!/^[A-Za-z]/.test(name)) return false;
  try {
    new Intl.DateTimeFormat("en", { timeZone: name });
    return true;
  } catch {
    return false;
  }
}

/** Of a last day that isn't one after the first. */
export const NOT_AFTER = "Expected a day after the first one: the period ends before this day begins.";

/**
 * A period from the `from` and `to` of a request. What is absent comes from `fallback`. Throws `invalid_request` with
 * each path that is wrong.
 */
export function parsePeriod(
  from: string | undefined,
  to: string | undefined,
  timeZone: string,
  fallback: Pick<Period, "from" | "to">,
): Period {
  const days = { from: from ?? fallback.from, to: to ?? fallback.to };
  const errors: FieldError[] = [];
  for (const path of ["from", "to"] as const) {
    if (!isDate(days[path])) errors.push({ path, message: "Expected a day that exists, as YYYY-MM-DD." });
  }
  if (errors.length === 0 && days.to <= days.from) {
    errors.push({ path: "to", message: NOT_AFTER });
  }
  if (errors.length === 0) {
    return { ...days, start: periodStart(days.from, timeZone), end: periodStart(days.to, timeZone) };
  }
  throw new AppError("invalid", "invalid_request", "The period can't be used. Mend the days named below.", { errors });
}

/** The twelve months up to and including the one that `now` falls in, the period of a report that names none. */
export function lastTwelveMonths(now: Date, timeZone: string): Pick<Period, "from" | "to"> {
  const [year = 0, month = 0] = localDate(now, timeZone).split("-").map(Number);
  return { from: firstOfMonth(year, month - 11), to: firstOfMonth(year, month + 1) };
}

/** As YYYY-MM-DD. Months outside 1 to 12 run into the years beside. */
export function firstOfMonth(year: number, month: number): string {
  return new Date(Date.UTC(year, month - 1, 1)).toISOString().slice(0, 10);
}

/** How far the zone's clocks are ahead of UTC at an instant, in milliseconds. */
function offsetAt(instant: number, timeZone: string): number {
  const parts: Record<string, number> = {};
  for (const { type, value } of formatter(timeZone).formatToParts(instant)) parts[type] = Number(value);
  const { year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0 } = parts;
  return Date.UTC(year, month - 1, day, hour, minute, second) - Math.floor(instant / 1000) * 1000;
}

/** The first instant between two, to the second, at which the offset is no longer that of the first. */
function offsetChange(first: number, last: number, timeZone: string): number {
  const before = offsetAt(first, timeZone);
  let [low, high] = [Math.floor(first / 1000), Math.floor(last / 1000)];
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (offsetAt(middle * 1000, timeZone) === before) low = middle;
    else high = middle;
  }
  return high * 1000;
}

const formatters = new Map<string, Intl.DateTimeFormat>();

function formatter(timeZone: string): Intl.DateTimeFormat {
  const kept = formatters.get(timeZone);
  if (kept) return kept;
  const made = new Intl.DateTimeFormat("en-u-ca-gregory-nu-latn", {
    timeZone,
    hourCycle: "h23",
    year: "numeric",
    month: "numeric",
    day: "numeric",
    hour: "numeric",
    minute: "numeric",
    second: "numeric",
  });
  formatters.set(timeZone, made);
  return made;
}
