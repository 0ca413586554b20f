import { AppError } from "../../shared/errors.ts";
import { isDate, localDate, type Period, periodStart } from "../../shared/period.ts";

/** Months as YYYY-MM. They begin and end where their days do in a time zone. */

export function isMonth(text: string): boolean {
  return isDate(`${text}-01`);
}

/** `2026-12` → `2027-01` */
export function nextMonth(month: string): string {
  const [year = 0, number = 0] = month.split("-").map(Number);
  return new Date(Date.UTC(year, number, 1)).toISOString().slice(0, 7);
}

export function firstDay(month: string): string {
  return `${month}-01`;
}

export function monthIn(instant: Date, timeZone: string): string {
  return localDate(instant, timeZone).slice(0, 7);
}

/** @throws AppError `invalid_request` unless it is a month */
export function periodOfMonth(month: string, timeZone: string): Period {
  if (!isMonth(month))
    throw new AppError("invalid", "invalid_request", "Expected a month as YYYY-MM, such as 2026-10.");
  return periodOfDays(firstDay(month), firstDay(nextMonth(month)), timeZone);
}

export function periodOfDays(from: string, to: string, timeZone: string): Period {
  return { from, to, start: periodStart(from, timeZone), end: periodStart(to, timeZone) };
}
