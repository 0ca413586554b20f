import { isDate } from "./period.ts";

/*
 * Days and instants for people, in the Gregorian calendar and with Latin digits, as amounts have them too. Where Intl
 * writes what doesn't fit into a sentence, its words are mended: Russian `г.` would meet the full stop.
 */

/** A day of the calendar: `2026-11-03` → `November 3, 2026`, `3 ноября 2026 года`. Throws RangeError unless it is a day. */
export function formatDay(day: string, locale: string): string {
  if (!isDate(day)) throw new RangeError("Expected a day as YYYY-MM-DD.");
  return mended(formatter(locale, { dateStyle: "long" }, "UTC").format(new Date(`${day}T00:00:00Z`)), locale);
}

/** A month of the calendar: `2026-11` → `November 2026`. Throws RangeError unless it is a month. */
export function formatMonth(month: string, locale: string): string {
  if (!isDate(`${month}-01`)) throw new RangeError("Expected a month as YYYY-MM.");
  const options = { year: "numeric", month: "long" } as const;
  return mended(formatter(locale, options, "UTC").format(new Date(`${month}-01T00:00:00Z`)), locale);
}

/** An instant (ISO 8601) in a time zone that is named: `November 3, 2026, 4:04 PM GMT+1`. Throws RangeError unless it is one. */
export function formatInstant(instant: string, locale: string, timeZone: string): string {
  const date = new Date(instant);
  const day = mended(formatter(locale, { dateStyle: "long" }, timeZone).format(date), locale);
  const options = { hour: "numeric", minute: "2-digit", timeZoneName: "short" } as const;
  return `${day}${language(locale) === "ar" ? "،" : ","} ${formatter(locale, options, timeZone).format(date)}`;
}

function mended(text: string, locale: string): string {
  if (language(locale) === "ru") return text.replace(/\sг\.$/, " года");
  return language(locale) === "fr" ? text.replace(/^1 /, "1er ") : text;
}

const language = (locale: string) => new Intl.Locale(locale).language;

const formatters = new Map<string, Intl.DateTimeFormat>();

function formatter(locale: string, options: Intl.DateTimeFormatOptions, timeZone: string): Intl.DateTimeFormat {
  const key = JSON.stringify([locale, options, timeZone]);
  const kept = formatters.get(key);
  if (kept) return kept;
  const made = new Intl.DateTimeFormat(locale, { ...options, timeZone, calendar: "gregory", numberingSystem: "latn" });
  formatters.set(key, made);
  return made;
}
