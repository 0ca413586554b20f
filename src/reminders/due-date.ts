import { copyFor, type NewsroomConfig } from "../newsroom.ts";
import { AppError } from "../shared/errors.ts";
import { addDays, hourStart, localDate, localHour, monthsLater, periodStart } from "../shared/period.ts";
import type { ReminderBody } from "./body.ts";

const DAY_MS = 24 * 60 * 60 * 1000;
const FURTHEST_MONTHS = 12;

export interface Due {
  /** The reader's own day, as YYYY-MM-DD. */
  readonly dueOn: string;
  /** When that day's mail may go at the earliest; on the site, when the day begins. */
  readonly dueAt: Date;
  readonly timeZone: string;
  /** Days between asking and the due one. */
  readonly leadDays: number;
}

/**
 * The day that a reader asked for, in their own time zone: from tomorrow to a year away. 31 January and a month is the last of February.
 * @throws AppError `date_out_of_range`
 */
export function dueOf(
  newsroom: NewsroomConfig,
  body: Pick<ReminderBody, "channel" | "in_months" | "on" | "time_zone" | "locale">,
  now: Date,
): Due {
  const timeZone = body.time_zone ?? newsroom.time_zone;
  const today = localDate(now, timeZone);
  const dueOn = body.on ?? monthsLater(today, body.in_months ?? 1);
  if (dueOn <= today || dueOn > monthsLater(today, FURTHEST_MONTHS)) {
    const message = copyFor(newsroom, body.locale).errors.date_out_of_range;
    throw new AppError("unprocessable", "date_out_of_range", message, { errors: [{ path: "on", message }] });
  }
  const leadDays = (Date.parse(dueOn) - Date.parse(today)) / DAY_MS;
  return { dueOn, dueAt: dueInstant(newsroom, body.channel, dueOn, timeZone), timeZone, leadDays };
}

export function dueInstant(newsroom: NewsroomConfig, channel: string, dueOn: string, timeZone: string): Date {
  if (channel === "on_site") return periodStart(dueOn, timeZone);
  return hourStart(dueOn, newsroom.reminders.send_hours.from, timeZone);
}

/** Null while it is day for the reader (the newsroom says which hours), else when it will be. @throws RangeError for an unknown time zone */
export function nextDaytime(newsroom: NewsroomConfig, timeZone: string, now: Date): Date | null {
  const { from, to } = newsroom.reminders.send_hours;
  const hour = localHour(now, timeZone);
  if (hour >= from && hour < to) return null;
  const today = localDate(now, timeZone);
  const morning = hourStart(today, from, timeZone);
  return morning > now ? morning : hourStart(addDays(today, 1), from, timeZone);
}
