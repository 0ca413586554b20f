import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { AppError } from "../../src/shared/errors.ts";
import { coverFees, feeOn } from "../../src/shared/fees.ts";
import {
  assertAmount,
  assertSafe,
  canonicalCurrency,
  chargeStep,
  exponent,
  formatDecimal,
  formatMoney,
  fromStripeCurrency,
  isChargeable,
  largestCharge,
  toStripeCurrency,
} from "../../src/shared/money.ts";
import { parseMajor } from "../../src/shared/parse-money.ts";

const ZERO = "BIF CLP DJF GNF JPY KMF KRW MGA PYG RWF VND VUV XAF XOF XPF".split(" ");
const THREE = "BHD JOD KWD OMR TND".split(" ");
const TWO = "USD EUR GBP HUF TWD ISK UGX AFN ALL COP IDR LAK LBP MMK PKR RSD SOS YER".split(" ");
const ALL = [...ZERO, ...THREE, ...TWO];

const currency = fc.constantFrom(...ALL);
/** A currency with an amount that Stripe charges in it. */
const chargeable = currency.chain((code) =>
  fc
    .integer({ min: 1, max: Math.floor(largestCharge(code) / chargeStep(code)) })
    .map((steps) => ({ code, amount: steps * chargeStep(code) })),
);

describe("Stripe's minor units", () => {
  test.each(ZERO)("%s has no decimals", (code) => expect(exponent(code)).toBe(0));
  test.each(THREE)("%s has three decimals, the last one zero", (code) => {
    expect(exponent(code)).toBe(3);
    expect(isChargeable(1230, code)).toBe(true);
    expect(isChargeable(1234, code)).toBe(false);
  });
  test.each(TWO)("%s has two decimals, whatever Intl says", (code) => expect(exponent(code)).toBe(2));
  test.each(["ISK", "UGX"])("%s is sent with two decimals that must be zero", (code) => {
    expect(isChargeable(50_000, code)).toBe(true);
    expect(isChargeable(50_050, code)).toBe(false);
  });
  test.each(["HUF", "TWD"])("%s is charged with two decimals", (code) => expect(isChargeable(17_501, code)).toBe(true));

  test("Intl really does disagree, so nothing may be derived from it", () => {
    const digits = (code: string) =>
      new Intl.NumberFormat("en", { style: "currency", currency: code }).resolvedOptions().maximumFractionDigits;
    expect(["ISK", "UGX", "RSD", "PKR"].filter((code) => digits(code) !== exponent(code)).length).toBeGreaterThan(1);
  });

  test.each([0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY, 1e21, 100_000_000])("%s can't be charged", (amount) => {
    expect(isChargeable(amount, "USD")).toBe(false);
    expect(() => assertAmount(amount, "USD")).toThrow(AppError);
  });

  test("the refusal names the field, the rule and not the amount", () => {
    try {
      assertAmount(1234, "KWD");
      expect.unreachable();
    } catch (error) {
      expect(error).toMatchObject({ kind: "invalid", code: "invalid_request", errors: [{ path: "amount" }] });
      expect(JSON.stringify(error)).not.toContain("1234");
      expect(JSON.stringify((error as AppError).errors)).toContain("divisible by 10");
    }
  });

  test("codes are ours in capitals and Stripe's in small letters", () => {
    expect(canonicalCurrency("usd")).toBe("USD");
    expect(toStripeCurrency("USD")).toBe("usd");
    expect(fromStripeCurrency("usd")).toBe("USD");
    for (const code of ["", "us", "usdd", "u$d", "__proto__", "ÜSD", " USD"]) {
      expect(canonicalCurrency(code)).toBeNull();
      expect(() => exponent(code)).toThrow(RangeError);
      expect(isChargeable(100, code)).toBe(false);
    }
  });

  test("a sum that a number can't hold exactly throws", () => {
    expect(assertSafe(9_007_199_254_740_991n)).toBe(Number.MAX_SAFE_INTEGER);
    expect(() => assertSafe(9_007_199_254_740_992n)).toThrow(RangeError);
    expect(() => assertSafe(0.5)).toThrow(RangeError);
  });
});

describe("writing amounts", () => {
  test.each([
    [1999, "USD", "19.99"],
    [5, "USD", "0.05"],
    [0, "USD", "0.00"],
    [-5, "USD", "-0.05"],
    [-1999, "EUR", "-19.99"],
    [500, "JPY", "500"],
    [-500, "JPY", "-500"],
    [1230, "KWD", "1.230"],
    [10, "KWD", "0.010"],
    [50_000, "ISK", "500.00"],
    [17_550, "HUF", "175.50"],
    [Number.MAX_SAFE_INTEGER, "USD", "90071992547409.91"],
  ] as const)("%i %s is %s in a CSV", (amount, code, text) => expect(formatDecimal(amount, code)).toBe(text));

  test.each([
    [1999, "USD", "en", "$19.99"],
    [2000, "USD", "en", "$20.00"],
    [-123_456, "USD", "en", "-$1,234.56"],
    [1999, "EUR", "de", "19,99\u00a0€"],
    [123_456, "EUR", "fr", "1\u202f234,56\u00a0€"],
    [123_456, "EUR", "ru", "1\u00a0234,56\u00a0€"],
    [500, "JPY", "en", "¥500"],
    [500, "JPY", "de", "500\u00a0¥"],
    [1230, "KWD", "en", "KWD\u00a01.230"],
    [50_000, "ISK", "en", "ISK\u00a0500"],
    [17_550, "HUF", "en", "HUF\u00a0175.50"],
    [17_550, "RSD", "en", "RSD\u00a0175.50"],
    [Number.MAX_SAFE_INTEGER, "USD", "en", "$90,071,992,547,409.91"],
  ] as const)("%i %s is written in %s as %s", (amount, code, locale, text) => {
    expect(formatMoney(amount, code, locale)).toBe(text);
  });

  test("whole amounts may drop their decimals, others may not", () => {
    expect(formatMoney(2000, "USD", "en", { short: true })).toBe("$20");
    expect(formatMoney(2050, "USD", "en", { short: true })).toBe("$20.50");
    expect(formatMoney(2000, "KWD", "en", { short: true })).toBe("KWD\u00a02");
  });

  test("Arabic amounts keep every digit", () => {
    expect(formatMoney(123_450, "USD", "ar").replace(/[^\d.,]/g, "")).toBe("1,234.50");
  });
});

describe("reading what a person types", () => {
  test.each([
    // Real projects made 1998 of 19.99 by way of floats, and 100 times too much of yen.
    ["19.99", "USD", 1999],
    ["19,99", "EUR", 1999],
    ["1.15", "USD", 115],
    ["8.2", "USD", 820],
    ["0.29", "USD", 29],
    ["4.35", "USD", 435],
    ["500", "JPY", 500],
    ["500.00", "JPY", 500],
    ["1,000", "JPY", 1000],
    ["1.000", "JPY", 1000],
    ["1.230", "KWD", 1230],
    ["1.23", "KWD", 1230],
    ["1,5", "KWD", 1500],
    ["0,500", "KWD", 500],
    ["500", "ISK", 50_000],
    ["1.000", "ISK", 100_000],
    ["500,00", "ISK", 50_000],
    ["175.5", "HUF", 17_550],
    ["20", "USD", 2000],
    ["  20 ", "USD", 2000],
    ["007", "USD", 700],
    ["1 000", "USD", 100_000],
    ["1\u00a0000,50", "EUR", 100_050],
    ["1\u202f234\u202f567,89", "EUR", 123_456_789],
    ["1'000.50", "CHF", 100_050],
    ["1’000", "CHF", 100_000],
    ["1,234.50", "USD", 123_450],
    ["1.234,50", "EUR", 123_450],
    ["1,234,567", "USD", 123_456_700],
    ["1.234.567,8", "EUR", 123_456_780],
    ["1234.50", "USD", 123_450],
    ["٢٥٫٥٠", "USD", 2550],
    ["۲۵", "USD", 2500],
    ["١٬٠٠٠", "USD", 100_000],
    ["10.50000", "USD", 1050],
    ["0", "USD", 0],
  ] as const)("%j in %s is %i", (text, code, amount) => expect(parseMajor(text, code)).toEqual({ ok: true, amount }));

  test.each([
    ["", "USD", "required"],
    ["   ", "USD", "required"],
    ["1,000", "USD", "ambiguous"],
    ["1.000", "EUR", "ambiguous"],
    ["12.345", "USD", "ambiguous"],
    ["1,230", "KWD", "ambiguous"],
    ["19.999", "USD", "ambiguous"],
    ["0.999", "USD", "too_precise"],
    ["1234.567", "USD", "too_precise"],
    ["1.2345", "KWD", "too_precise"],
    ["1.235", "KWD", "too_precise"],
    ["500.5", "JPY", "too_precise"],
    ["500.50", "ISK", "too_precise"],
    ["-5", "USD", "not_a_number"],
    ["−5", "USD", "not_a_number"],
    ["+5", "USD", "not_a_number"],
    ["1e3", "USD", "not_a_number"],
    ["0x10", "USD", "not_a_number"],
    ["NaN", "USD", "not_a_number"],
    ["Infinity", "USD", "not_a_number"],
    ["$20", "USD", "not_a_number"],
    ["twenty", "USD", "not_a_number"],
    [".5", "USD", "not_a_number"],
    ["5.", "USD", "not_a_number"],
    ["1..5", "USD", "not_a_number"],
    ["1.2.3", "USD", "not_a_number"],
    ["1,2,3", "USD", "not_a_number"],
    ["1 00", "USD", "not_a_number"],
    ["1 000'000", "USD", "not_a_number"],
    ["1.000,000.00", "USD", "not_a_number"],
    ["1,00,000.00", "USD", "not_a_number"],
    ["5\0", "USD", "not_a_number"],
    ["90071992547409.92", "USD", "too_large"],
    ["9".repeat(400), "USD", "too_large"],
  ] as const)("%j in %s is refused: %s", (text, code, fault) => {
    expect(parseMajor(text, code)).toEqual({ ok: false, fault });
  });

  test("what we write, we read back, in every currency", () => {
    fc.assert(
      fc.property(chargeable, ({ code, amount }) => {
        expect(parseMajor(formatDecimal(amount, code), code)).toEqual({ ok: true, amount });
      }),
      { numRuns: 2000 },
    );
  });

  test("no text makes it throw or gives an amount that isn't one", () => {
    const typed = fc.string({ unit: fc.constantFrom(..."0123456789.,'  -e٣٫") });
    fc.assert(
      fc.property(fc.oneof(typed, fc.string()), currency, (text, code) => {
        const parsed = parseMajor(text, code);
        if (parsed.ok) expect(parsed.amount === 0 || parsed.amount % chargeStep(code) === 0).toBe(true);
      }),
      { numRuns: 2000 },
    );
  });

  // A pattern that backtracks takes minutes for these: then the test runs out of its time.
  test("a long run of digits and spaces is refused without long thought", () => {
    expect(parseMajor(`${"1 ".repeat(500_000)}1`, "USD").ok).toBe(false);
    expect(parseMajor("9".repeat(1_000_000), "USD").ok).toBe(false);
  });
});

describe("covering the fees", () => {
  const schedule = fc.record({
    percent: fc.tuple(fc.integer({ min: 0, max: 49 }), fc.integer({ min: 0, max: 9999 })).map(([whole, decimals]) => {
      return decimals === 0 ? String(whole) : `${whole}.${String(decimals).padStart(4, "0")}`;
    }),
    fixed: fc.integer({ min: 0, max: 500 }),
  });

  test.each([
    // 10.30 / 0.971 = 10.6076…
    [1000, { percent: "2.9", fixed: 30 }, "USD", 1061],
    [1000, { percent: "0", fixed: 0 }, "USD", 1000],
    [1000, { percent: "3.6", fixed: 0 }, "JPY", 1038],
    [100_000, { percent: "2.9", fixed: 3000 }, "ISK", 106_100],
    [5000, { percent: "2.9", fixed: 100 }, "KWD", 5260],
  ] as const)("%i with %o in %s is %i", (chosen, fees, code, total) => {
    expect(coverFees(chosen, fees, code)).toBe(total);
  });

  test("the newsroom keeps what was chosen, and one step less would not do", () => {
    fc.assert(
      fc.property(chargeable, schedule, ({ code, amount }, fees) => {
        const step = chargeStep(code);
        const total = coverFees(amount, fees, code);
        const kept = (charged: number) => charged - feeOn(charged, fees);
        expect(total % step).toBe(0);
        expect(kept(total)).toBeGreaterThanOrEqual(amount);
        expect(kept(total - step)).toBeLessThan(amount);
      }),
      { numRuns: 2000 },
    );
  });

  test("a schedule that is none throws", () => {
    for (const percent of ["", "100", "-1", "2,9", "2.9%", "1e1"]) {
      expect(() => coverFees(1000, { percent, fixed: 0 }, "USD")).toThrow(RangeError);
    }
    expect(() => coverFees(10.5, { percent: "2.9", fixed: 30 }, "USD")).toThrow(RangeError);
  });
});
