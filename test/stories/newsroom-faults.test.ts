import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { beforeEach, describe, expect, test } from "vitest";
import { loadNewsroom } from "../../src/newsroom.ts";
import { SetupError } from "../../src/shared/errors.ts";
import { type Change, edit, newsroomFiles } from "../support/newsroom-files.ts";

let file = "";
let locale: (name: string) => string;
const files = newsroomFiles();
beforeEach(() => {
  ({ file, locale } = files());
});

describe("every fault is named, with its line and without its value", () => {
  const cases: readonly (readonly [string, readonly Change[], RegExp])[] = [
    ["a key that is missing", [["legal_entity.tax_number", undefined]], /legal_entity\.tax_number: is missing/],
    ["a group that is missing", [["legal_entity", undefined]], /legal_entity: is missing/],
    ["a key that nobody knows", [["legal_entity.iban", "hunter2"]], /legal_entity\.iban: is not a key that is known/],
    ["an empty name", [["newsroom.name", " "]], /newsroom\.name: must not be empty/],
    ["a number for a name", [["newsroom.name", 4711]], /newsroom\.name: expected text/],
    ["a group for a name", [["newsroom.name", { hunter2: 1 }]], /newsroom\.name: expected text/],
    ["an e-mail that is none", [["newsroom.contact_email", "hunter2"]], /newsroom\.contact_email: expected an e-mail/],
    ["a relative address", [["terms.terms_url", "/hunter2"]], /terms\.terms_url: expected an absolute https/],
    [
      "a plain http address",
      [["terms.privacy_url", "http://hunter2.org"]],
      /terms\.privacy_url: expected an absolute https/,
    ],
    ["a script for an address", [["newsroom.url", "javascript:hunter2"]], /newsroom\.url: expected an absolute https/],
    ["no postal address", [["legal_entity.postal_address", []]], /legal_entity\.postal_address: expected at least one/],
    ["a country by its name", [["legal_entity.country", "hunter2"]], /legal_entity\.country: expected a country/],
    ["a version that is no date", [["terms.version", "hunter2"]], /terms\.version: expected a date/],
    ["a time zone that is none", [["time_zone", "Hunter2/Berlin"]], /time_zone: expected a time zone/],
    ["an offset for a time zone", [["time_zone", "+01:00"]], /time_zone: expected a time zone/],
    ["a language without a file", [["locales", ["en", "sv"]]], /locales\/sv\.yaml: can't be read \(ENOENT\)/],
    [
      "a default language that is not offered",
      [["default_locale", "sv"]],
      /default_locale: must be one of the languages/,
    ],
    ["a language listed twice", [["locales", ["en", "en"]]], /locales\.1: is listed twice/],
    [
      "an origin with a path",
      [["allowed_origins", ["https://hunter2.org/"]]],
      /allowed_origins\.0: expected an origin/,
    ],
    ["any origin", [["allowed_origins", ["*"]]], /allowed_origins\.0: expected an origin/],
    ["a long statement suffix", [["statement_descriptor_suffix", "HUNTER2".repeat(4)]], /suffix: expected at most 22/],
    ["a star in the suffix", [["statement_descriptor_suffix", "HUNTER2*"]], /suffix: must not contain/],
    ["a suffix of digits", [["statement_descriptor_suffix", "2026"]], /suffix: must contain a letter/],
    ["a suffix that isn't Latin", [["statement_descriptor_suffix", "ПОМОЩЬ"]], /suffix: expected at most 22 Latin/],
    ["a product id with a blank", [["stripe_product.id", "hunter2 x"]], /stripe_product\.id: expected letters/],
    ["a currency in small letters", [["currencies.usd", {}]], /currencies\.usd: expected a currency/],
    ["an amount as text", [["currencies.USD.once.minimum", "hunter2"]], /USD\.once\.minimum: expected a whole number/],
    ["an amount with decimals", [["currencies.USD.once.minimum", 3.5]], /USD\.once\.minimum: expected a whole number/],
    ["an amount below zero", [["currencies.USD.once.minimum", -4711]], /USD\.once\.minimum: must be above zero/],
    ["two presets", [["currencies.USD.once.presets", [1000, 2500]]], /USD\.once\.presets: expected 3 to 6 amounts/],
    ["seven presets", [["currencies.USD.once.presets", [1, 2, 3, 4, 5, 6, 7]]], /USD\.once\.presets: expected 3 to 6/],
    [
      "a preset out of the limits",
      [["currencies.USD.monthly.presets.0", 150]],
      /USD\.monthly\.presets\.0: must be inside/,
    ],
    ["presets out of order", [["currencies.USD.once.presets.1", 700]], /USD\.once\.presets\.1: must be above the one/],
    ["a default that is no preset", [["currencies.USD.once.default", 4711]], /USD\.once\.default: must be one of/],
    ["limits the wrong way round", [["currencies.USD.once.maximum", 100]], /USD\.once\.minimum: must not be above/],
    [
      "less than Stripe takes",
      [["currencies.GBP.once.minimum", 29]],
      /GBP\.once\.minimum: must be Stripe's minimum of 30/,
    ],
    [
      "more than Stripe takes",
      [["currencies.USD.once.maximum", 100_000_000]],
      /USD\.once\.maximum: Stripe can't charge it/,
    ],
    ["krónur with aurar", [["currencies.ISK.once.minimum", 50_050]], /ISK\.once\.minimum: .* divisible by 100/],
    [
      "a percentage that is none",
      [["currencies.USD.fees.percent", "hunter2"]],
      /USD\.fees\.percent: expected a percentage/,
    ],
    [
      "a percentage with a comma",
      [["currencies.USD.fees.percent", "2,9"]],
      /USD\.fees\.percent: expected a percentage/,
    ],
    ["a percentage above all", [["currencies.USD.fees.percent", "99"]], /USD\.fees\.percent: expected a percentage/],
    ["a fixed fee below zero", [["currencies.USD.fees.fixed", -30]], /USD\.fees\.fixed: must not be negative/],
    ["a default currency without rules", [["default_currency", "CHF"]], /default_currency: must be one of the keys/],
    [
      "a suggestion without rules",
      [["currency_by_country.CH", "CHF"]],
      /currency_by_country\.CH: must be one of the keys/,
    ],
    ["a country in small letters", [["currency_by_country.ch", "EUR"]], /currency_by_country\.ch: expected a country/],
    [
      "a country both blocked and not",
      [["countries", { blocked: ["XA"], acknowledge: ["XA"] }]],
      /acknowledge\.0: is also/,
    ],
    ["a session of a minute", [["checkout.session_minutes", 1]], /checkout\.session_minutes: Stripe wants 30/],
    ["a session of days", [["checkout.session_minutes", 4711]], /checkout\.session_minutes: Stripe wants 1440/],
    ["yes for true", [["checkout.recovery", "hunter2"]], /checkout\.recovery: expected true or false/],
    // A zero here once broke a newspaper's daily run for everyone.
    ["a reminder in no months", [["reminders.in_months", [0, 3]]], /reminders\.in_months\.0: expected 1 to 12/],
    ["a reminder in too many", [["reminders.in_months", [13]]], /reminders\.in_months\.0: expected 1 to 12/],
    ["a reminder twice", [["reminders.in_months", [3, 3]]], /reminders\.in_months\.1: is listed twice/],
    ["no reminder at all", [["reminders.in_months", []]], /reminders\.in_months: expected at least one/],
    [
      "a campaign's name with blanks",
      [["campaigns.Winter Appeal", { name: "x" }]],
      /campaigns\.Winter Appeal: expected a/,
    ],
    ["a goal without currency", [["campaigns.x", { name: "x", goal: 5 }]], /campaigns\.x\.currency: is missing/],
    [
      "a goal in another currency",
      [["campaigns.x", { name: "x", goal: 5, currency: "CHF" }]],
      /campaigns\.x\.currency: must/,
    ],
    ["a campaign that ends first", [["campaigns.winter-2026.ends", "2026-10-01"]], /winter-2026\.ends: must be after/],
    ["a day that isn't", [["campaigns.winter-2026.ends", "2026-02-30"]], /winter-2026\.ends: expected a date/],
  ];

  test.each(cases)("%s", (_, changes, expected) => {
    edit(file, ...changes);
    const found = faults();
    expect(found).toContainEqual(expect.stringMatching(expected));
    for (const fault of found) expect(fault).toMatch(/^(?:newsroom\.yaml:\d+: |locales\/)/);
    expect(found.join("\n")).not.toMatch(/hunter2(?!\.yaml)|4711/i);
  });

  const copyCases: readonly (readonly [string, string, readonly Change[], RegExp])[] = [
    ["a sentence that is missing", "de", [["form.heading", undefined]], /form\.heading: is missing/],
    ["an empty sentence", "ru", [["form.lead", ""]], /form\.lead: must not be empty/],
    ["a sentence too many", "fr", [["form.hunter", "hunter2"]], /form\.hunter: is not a key/],
    ["a placeholder too few", "es", [["form.cover_fees", "hunter2"]], /form\.cover_fees: needs \{amount\}/],
    ["a placeholder misspelt", "es", [["form.cover_fees", "{amonut}"]], /form\.cover_fees: needs \{amount\}/],
    ["a placeholder too many", "es", [["form.cover_fees", "{amount} {x}"]], /cover_fees: may have no placeholder but/],
    ["a placeholder where none is", "en", [["form.lead", "{hunter}"]], /form\.lead: must have no placeholder/],
    ["a brace left open", "en", [["form.cover_fees", "{amount} {x"]], /form\.cover_fees: has a brace without/],
    ["a direction that is none", "ar", [["direction", "hunter2"]], /direction: expected ltr or rtl/],
    [
      "a plural form that the language needs",
      "ru",
      [["remind.in_months.few", undefined]],
      /in_months\.few: is missing/,
    ],
    ["a plural form that it hasn't", "en", [["remind.in_months.few", "{n}"]], /in_months\.few: is a plural form that/],
    ["a plural form without its number", "ru", [["remind.in_months.one", "месяц"]], /in_months\.one: needs \{n\}/],
    ["a number for a sentence", "en", [["form.lead", 4711]], /form\.lead: expected text/],
  ];

  test.each(copyCases)("%s (%s)", (_, name, changes, expected) => {
    edit(locale(name), ...changes);
    const found = faults();
    expect(found).toHaveLength(1);
    expect(found[0]).toMatch(expected);
    expect(found[0]).toMatch(new RegExp(`^locales/${name}\\.yaml:\\d+: `));
    expect(found[0]).not.toMatch(/hunter2|4711/);
  });

  test("faults of all files come together", () => {
    edit(file, ["newsroom.name", ""], ["currencies.USD.fees.fixed", -1], ["time_zone", "x"]);
    edit(locale("de"), ["form.lead", undefined]);
    edit(locale("ar"), ["form.total", "x"]);
    expect(faults()).toHaveLength(5);
  });

  test("the line is the one to look at", () => {
    edit(file, ["currencies.EUR.monthly.minimum", 100_001]);
    const [fault = ""] = faults();
    const line = Number(/^newsroom\.yaml:(\d+):/.exec(fault)?.[1]);
    expect(
      readFileSync(file, "utf8")
        .split("\n")
        .slice(line - 10, line)
        .join("\n"),
    ).toContain("100001");
  });

  test.each([
    ["broken YAML", "newsroom: [hunter2\nx: {", /^newsroom\.yaml:\d+: is not valid YAML at column \d+ \([A-Z_]+\)$/],
    [
      "a key given twice",
      "hunter: 1\nhunter: 2\n",
      /^newsroom\.yaml:2: is not valid YAML at column 1 \(DUPLICATE_KEY\)$/,
    ],
    ["an empty file", "", /newsroom: is missing/],
    ["a list", "- hunter2", /expected a group of keys/],
    ["one word", "hunter2", /expected a group of keys/],
  ])("%s", (_, content, expected) => {
    writeFileSync(file, content);
    expect(faults()[0]).toMatch(expected);
    expect(faults().join()).not.toContain("hunter2");
  });

  test("a file that grows without end by its aliases is refused", () => {
    const bomb = ["a: &a [x, x, x, x, x, x, x, x, x]"];
    for (const [name, of] of ["ba", "cb", "dc", "ed", "fe", "gf", "hg"].map((pair) => [pair[0], pair[1]])) {
      bomb.push(`${name}: &${name} [${Array(9).fill(`*${of}`).join(", ")}]`);
    }
    writeFileSync(file, bomb.join("\n"));
    expect(faults()).toContainEqual("newsroom.yaml: has an alias that can't be resolved");
  });

  test("a file that isn't there", () => {
    rmSync(file);
    expect(faults()).toContainEqual("newsroom.yaml: can't be read (ENOENT)");
  });

  test("prototype names are keys like any other", () => {
    writeFileSync(file, `${readFileSync(file, "utf8")}\n__proto__: { polluted: true }\n`);
    expect(faults()).toContainEqual(expect.stringMatching(/__proto__: is not a key that is known/));
    expect("polluted" in {}).toBe(false);
  });
});

/** The faults of the files; fails when there are none. */
function faults(): readonly string[] {
  try {
    loadNewsroom(file);
  } catch (error) {
    expect(error).toBeInstanceOf(SetupError);
    return (error as SetupError).faults;
  }
  return expect.unreachable("the files have no fault");
}
