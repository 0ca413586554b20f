import fc from "fast-check";
import { beforeAll, expect, test } from "vitest";
import { loadNewsroom, type NewsroomConfig } from "../../src/newsroom.ts";
import { dueOf, nextDaytime } from "../../src/reminders/due-date.ts";
import { addDays, hourStart, localDate, localHour, monthsLater } from "../../src/shared/period.ts";
import { seed } from "../support/seed.ts";

let newsroom: NewsroomConfig;
beforeAll(() => {
  newsroom = loadNewsroom("config/newsroom.yaml");
});

/** Every zone that Node knows; clocks change at midnight, by half an hour, or not at all in some. */
const ZONES = Intl.supportedValuesOf("timeZone");
const zone = fc.constantFrom(...ZONES);
const instant = fc.integer({ min: Date.UTC(2026, 0, 1), max: Date.UTC(2040, 0, 1) }).map((ms) => new Date(ms));
const check = <T>(property: fc.IProperty<T>) => fc.assert(property, { seed, numRuns: 2_000 });

function lastDayOf(month: string): number {
  const [year = 0, number = 1] = month.split("-").map(Number);
  return new Date(Date.UTC(year, number, 0)).getUTCDate();
}

test("so many months later is the same day of that month, or its last, and never one of the month after", () => {
  const date = instant.map((each) => each.toISOString().slice(0, 10));
  check(
    fc.property(date, fc.integer({ min: 1, max: 12 }), (from, months) => {
      const later = monthsLater(from, months);
      const count = (day: string) => Number(day.slice(0, 4)) * 12 + Number(day.slice(5, 7));
      expect(count(later) - count(from)).toBe(months);
      expect(Number(later.slice(8))).toBe(Math.min(Number(from.slice(8)), lastDayOf(later.slice(0, 7))));
    }),
  );
});

test("a mail is due on the reader's own day, at the first hour that the newsroom has named or when a left-out one ends", () => {
  check(
    fc.property(instant, zone, fc.integer({ min: 1, max: 12 }), (now, time_zone, in_months) => {
      const due = dueOf(newsroom, { channel: "email", in_months, on: undefined, time_zone, locale: undefined }, now);
      expect(due.dueOn).toBe(monthsLater(localDate(now, time_zone), in_months));
      expect(localDate(due.dueAt, time_zone)).toBe(due.dueOn);
      expect(localHour(due.dueAt, time_zone)).toBe(newsroom.reminders.send_hours.from);
      expect(due.dueAt > now).toBe(true);
      expect(due.leadDays).toBeGreaterThan(0);
    }),
  );
});

test("a day is taken from tomorrow to a year away, and no other", () => {
  check(
    fc.property(instant, zone, fc.integer({ min: -400, max: 800 }), (now, time_zone, days) => {
      const today = localDate(now, time_zone);
      const on = addDays(today, days);
      const ask = () => dueOf(newsroom, { channel: "email", in_months: undefined, on, time_zone, locale: "en" }, now);
      if (days >= 1 && on <= monthsLater(today, 12)) expect(ask().dueOn).toBe(on);
      else expect(ask).toThrow("within the next twelve months");
    }),
  );
});

test("what is due at night waits for the next morning, less than a day, and is then in the reader's day", () => {
  check(
    fc.property(instant, zone, (now, time_zone) => {
      const { from, to } = newsroom.reminders.send_hours;
      const next = nextDaytime(newsroom, time_zone, now);
      const hour = localHour(now, time_zone);
      if (next === null) expect(hour >= from && hour < to).toBe(true);
      else {
        expect(next > now).toBe(true);
        expect(+next - +now).toBeLessThan(25 * 60 * 60 * 1000);
        expect(nextDaytime(newsroom, time_zone, next)).toBeNull();
      }
    }),
  );
});

test("an hour begins when the clocks first show it, and one that is left out when it would have", () => {
  check(
    fc.property(instant, zone, fc.integer({ min: 0, max: 23 }), (day, time_zone, hour) => {
      const date = localDate(day, time_zone);
      const start = hourStart(date, hour, time_zone);
      const shown = `${localDate(start, time_zone)} ${localHour(start, time_zone)}`;
      const before = new Date(+start - 1000);
      if (shown === `${date} ${hour}`)
        expect(`${localDate(before, time_zone)} ${localHour(before, time_zone)}`).not.toBe(shown);
      else expect(localHour(before, time_zone)).toBeLessThan(hour === 0 ? 24 : hour);
    }),
  );
  expect(hourStart("2027-03-28", 2, "Europe/Berlin")).toEqual(new Date("2027-03-28T01:00:00Z"));
  expect(hourStart("2027-10-31", 2, "Europe/Berlin")).toEqual(new Date("2027-10-31T00:00:00Z"));
});
