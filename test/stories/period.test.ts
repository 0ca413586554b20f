import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { AppError } from "../../src/shared/errors.ts";
import { addDays, isDate, lastTwelveMonths, localDate, parsePeriod, periodStart } from "../../src/shared/period.ts";

const ZONES = Intl.supportedValuesOf("timeZone");
const DAY_MS = 24 * 60 * 60 * 1000;

describe("where a day begins", () => {
  test.each([
    ["2026-11-23", "UTC", "2026-11-23T00:00:00Z"],
    ["2026-11-23", "Europe/Berlin", "2026-11-22T23:00:00Z"],
    ["2026-11-23", "Asia/Kolkata", "2026-11-22T18:30:00Z"],
    ["2026-11-23", "Asia/Kathmandu", "2026-11-22T18:15:00Z"],
    ["2026-11-23", "Pacific/Kiritimati", "2026-11-22T10:00:00Z"],
    ["2026-11-23", "Pacific/Pago_Pago", "2026-11-23T11:00:00Z"],
    // The days on which clocks change, and the ones after.
    ["2026-03-29", "Europe/Berlin", "2026-03-28T23:00:00Z"],
    ["2026-03-30", "Europe/Berlin", "2026-03-29T22:00:00Z"],
    ["2026-10-25", "Europe/Berlin", "2026-10-24T22:00:00Z"],
    ["2026-10-26", "Europe/Berlin", "2026-10-25T23:00:00Z"],
    ["2026-03-08", "America/New_York", "2026-03-08T05:00:00Z"],
    ["2026-11-01", "America/New_York", "2026-11-01T04:00:00Z"],
    // No midnight: the clocks jump from 00:00 to 01:00.
    ["2026-04-24", "Africa/Cairo", "2026-04-23T22:00:00Z"],
    ["2026-03-08", "America/Havana", "2026-03-08T05:00:00Z"],
    ["2026-09-06", "America/Santiago", "2026-09-06T04:00:00Z"],
    ["2018-11-04", "America/Sao_Paulo", "2018-11-04T03:00:00Z"],
    // Nor here, where they jumped from 23:30 to 00:30.
    ["1919-03-31", "America/Toronto", "1919-03-31T04:30:00Z"],
    // Two midnights: the first one.
    ["2026-11-01", "America/Havana", "2026-11-01T04:00:00Z"],
    // Half an hour.
    ["2026-04-05", "Australia/Lord_Howe", "2026-04-04T13:00:00Z"],
    ["2026-04-06", "Australia/Lord_Howe", "2026-04-05T13:30:00Z"],
    // Samoa left this day out.
    ["2011-12-30", "Pacific/Apia", "2011-12-30T10:00:00Z"],
    ["2011-12-31", "Pacific/Apia", "2011-12-30T10:00:00Z"],
    // Local mean time, with seconds.
    ["1900-01-01", "Europe/Amsterdam", null],
  ])("%s in %s", (date, zone, instant) => {
    if (instant === null) expect(localDate(periodStart(date, zone), zone)).toBe(date);
    else expect(periodStart(date, zone)).toEqual(new Date(instant));
  });

  test("in every zone and on every day on which its clocks change, days meet without gap or overlap", () => {
    let changes = 0;
    for (const zone of ZONES) {
      for (const day of changeDays(zone, 2026)) {
        changes += 1;
        for (const date of [addDays(day, -1), day, addDays(day, 1), addDays(day, 2)]) expectFirstInstant(date, zone);
      }
    }
    expect(changes).toBeGreaterThan(200);
  });

  test("in any zone on any day", () => {
    const date = fc
      .integer({ min: Date.parse("1970-01-02") / DAY_MS, max: Date.parse("2060-12-31") / DAY_MS })
      .map((day) => new Date(day * DAY_MS).toISOString().slice(0, 10));
    fc.assert(
      fc.property(date, fc.constantFrom(...ZONES), (day, zone) => expectFirstInstant(day, zone)),
      { numRuns: 3000 },
    );
  });

  test("every instant lies in the period of its own day", () => {
    const instant = fc.date({ min: new Date("2000-01-01"), max: new Date("2040-01-01"), noInvalidDate: true });
    fc.assert(
      fc.property(instant, fc.constantFrom("Europe/Berlin", "America/New_York", "Asia/Kathmandu"), (time, zone) => {
        const day = localDate(time, zone);
        expect(periodStart(day, zone).getTime()).toBeLessThanOrEqual(time.getTime());
        expect(time.getTime()).toBeLessThan(periodStart(addDays(day, 1), zone).getTime());
      }),
      { numRuns: 1000 },
    );
  });
});

describe("periods of a request", () => {
  const fallback = { from: "2026-01-01", to: "2027-01-01" };

  test("the last instant of `to` is out", () => {
    const period = parsePeriod("2026-10-01", "2026-11-01", "Europe/Berlin", fallback);
    expect(period).toEqual({
      from: "2026-10-01",
      to: "2026-11-01",
      start: new Date("2026-09-30T22:00:00Z"),
      end: new Date("2026-10-31T23:00:00Z"),
    });
  });

  test("what is absent comes from the default, and the future is welcome", () => {
    expect(parsePeriod(undefined, undefined, "UTC", fallback)).toMatchObject(fallback);
    expect(parsePeriod(undefined, "2090-01-01", "UTC", fallback)).toMatchObject({ from: "2026-01-01" });
  });

  test.each([
    ["2026-02-30", "2026-03-01", ["from"]],
    ["2026-2-3", "26-03-01", ["from", "to"]],
    ["2026-03-01", "2026-03-01", ["to"]],
    ["2026-03-02", "2026-03-01", ["to"]],
    ["2026-03-01T00:00:00Z", "2026-03-05", ["from"]],
    ["9999-01-01", "99999-01-01", ["from", "to"]],
    ["'; drop table", "", ["from", "to"]],
  ])("from %s to %s names what is wrong", (from, to, paths) => {
    try {
      parsePeriod(from, to, "UTC", fallback);
      expect.unreachable();
    } catch (error) {
      expect(error).toMatchObject({ kind: "invalid", code: "invalid_request" });
      const errors = (error as AppError).errors ?? [];
      expect(errors.map((each) => each.path)).toEqual(paths);
      if (from.length > 3) expect(JSON.stringify(errors)).not.toContain(from);
    }
  });

  test("the default is the twelve months up to this one, by the newsroom's clock", () => {
    const now = new Date("2026-11-30T23:30:00Z");
    expect(lastTwelveMonths(now, "UTC")).toEqual({ from: "2025-12-01", to: "2026-12-01" });
    expect(lastTwelveMonths(now, "Europe/Berlin")).toEqual({ from: "2026-01-01", to: "2027-01-01" });
  });

  test("days of the calendar", () => {
    expect(isDate("2028-02-29")).toBe(true);
    for (const text of ["2026-02-29", "2026-13-01", "2026-00-10", "2026-01-00", "", "today", " 2026-01-01"]) {
      expect(isDate(text)).toBe(false);
    }
    expect(addDays("2026-12-31", 1)).toBe("2027-01-01");
    expect(addDays("2028-03-01", -1)).toBe("2028-02-29");
  });
});

/** The start is on the day, or on the next one where the zone left the day out; the instant before it isn't. */
function expectFirstInstant(date: string, zone: string): void {
  const start = periodStart(date, zone);
  const found = localDate(start, zone);
  const skipped = periodStart(addDays(date, 1), zone).getTime() === start.getTime();
  expect(found, `${date} in ${zone}`).toBe(skipped ? addDays(date, 1) : date);
  expect(localDate(new Date(start.getTime() - 1), zone) < date, `${date} in ${zone}`).toBe(true);
}

/** Local days of a year before or on which the zone's clocks change, told from the length of the days in Intl. */
function changeDays(zone: string, year: number): readonly string[] {
  const hourOf = new Intl.DateTimeFormat("en", {
    timeZone: zone,
    hour: "numeric",
    minute: "numeric",
    hourCycle: "h23",
  });
  const days: string[] = [];
  let before = "";
  for (let time = Date.UTC(year, 0, 1); time < Date.UTC(year + 1, 0, 1); time += DAY_MS) {
    const clock = hourOf.format(time);
    if (before !== "" && clock !== before) days.push(localDate(new Date(time), zone));
    before = clock;
  }
  return days;
}
