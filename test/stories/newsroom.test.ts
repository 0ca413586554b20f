import { cpSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { parse, parseDocument } from "yaml";
import {
  amountRules,
  copyFor,
  currencyFor,
  FREQUENCIES,
  feeSchedule,
  loadNewsroom,
  pickLocale,
  type WatchedNewsroom,
  watchNewsroom,
} from "../../src/newsroom.ts";
import { fill, placeholders, plural } from "../../src/shared/copy.ts";
import { SetupError } from "../../src/shared/errors.ts";
import { coverFees } from "../../src/shared/fees.ts";
import { isChargeable } from "../../src/shared/money.ts";

const SHIPPED = resolve("config");
const LANGUAGES = ["ar", "de", "en", "es", "fr", "ru"];

let directory = "";
let file = "";
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "newsroom-"));
  file = join(directory, "newsroom.yaml");
  cpSync(join(SHIPPED, "newsroom.yaml"), file);
  cpSync(join(SHIPPED, "locales"), join(directory, "locales"), { recursive: true });
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

type Change = readonly [path: string, value: unknown];

/** Sets (or with undefined removes) keys of a YAML file, written as `a.b.0`. */
function edit(path: string, ...changes: readonly Change[]): void {
  const document = parseDocument(readFileSync(path, "utf8"));
  for (const [key, value] of changes) {
    if (value === undefined) document.deleteIn(steps(key));
    else document.setIn(steps(key), document.createNode(value));
  }
  writeFileSync(path, document.toString());
}

const steps = (key: string) => key.split(".").map((step) => (/^\d+$/.test(step) ? Number(step) : step));
const locale = (name: string) => join(directory, "locales", `${name}.yaml`);

function faults(): readonly string[] {
  try {
    loadNewsroom(file);
  } catch (error) {
    expect(error).toBeInstanceOf(SetupError);
    return (error as SetupError).faults;
  }
  return expect.unreachable("the files have no fault");
}

describe("what is shipped", () => {
  const newsroom = loadNewsroom(join(SHIPPED, "newsroom.yaml"));

  test("is whole, and every amount can be charged with and without the fees", () => {
    expect(Object.keys(newsroom.currencies)).toEqual(["USD", "EUR", "GBP", "JPY", "ISK"]);
    for (const currency of Object.keys(newsroom.currencies)) {
      const fees = feeSchedule(newsroom, currency);
      for (const frequency of FREQUENCIES) {
        const rules = amountRules(newsroom, currency, frequency);
        if (!rules || !fees) return expect.unreachable();
        for (const amount of [rules.minimum, rules.maximum, ...rules.presets]) {
          expect(isChargeable(amount, currency)).toBe(true);
          expect(isChargeable(coverFees(amount, fees, currency), currency)).toBe(true);
        }
      }
    }
  });

  test("a monthly gift begins at 2 USD", () => {
    expect(amountRules(newsroom, "USD", "monthly")?.minimum).toBe(200);
  });

  test("is frozen to the last leaf", () => {
    const loose: string[] = [];
    const visit = (value: unknown, path: string) => {
      if (typeof value !== "object" || value === null) return;
      if (!Object.isFrozen(value)) loose.push(path);
      for (const [key, part] of Object.entries(value)) visit(part, `${path}.${key}`);
    };
    visit(newsroom, "");
    expect(loose).toEqual([]);
  });

  test("a currency or country that is none is not found by way of a prototype", () => {
    for (const name of ["XXX", "__proto__", "constructor", "toString"]) {
      expect(amountRules(newsroom, name, "once")).toBeNull();
      expect(feeSchedule(newsroom, name)).toBeNull();
      expect(currencyFor(newsroom, name)).toBe("USD");
      expect(pickLocale(newsroom, name)).toBe("en");
    }
  });

  test("the country suggests a currency, the language falls back step by step", () => {
    expect(currencyFor(newsroom, "DE")).toBe("EUR");
    expect(currencyFor(newsroom, null)).toBe("USD");
    expect(pickLocale(newsroom, "de-AT")).toBe("de");
    expect(pickLocale(newsroom, "RU_ru")).toBe("ru");
    expect(pickLocale(newsroom, "zh-Hant-TW")).toBe("en");
    expect(pickLocale(newsroom, undefined)).toBe("en");
    expect(copyFor(newsroom, "fr-CA").language).toBe("Français");
  });
});

describe("languages", () => {
  const newsroom = loadNewsroom(join(SHIPPED, "newsroom.yaml"));
  /** Every sentence by its path, plural forms apart: those differ by language. */
  const sentences = (name: string) =>
    Object.fromEntries(leaves(parse(readFileSync(join(SHIPPED, `locales/${name}.yaml`), "utf8"))));
  const english = sentences("en");

  test("there are six", () => expect(newsroom.locales).toEqual(LANGUAGES));

  test.each(LANGUAGES)("%s has the same keys and placeholders as English, and nothing is empty", (name) => {
    const own = sentences(name);
    expect(Object.keys(own).sort()).toEqual(Object.keys(english).sort());
    for (const [key, sentence] of Object.entries(own)) {
      expect(sentence.trim(), key).not.toBe("");
      expect(placeholders(sentence), key).toEqual(placeholders(english[key] ?? ""));
    }
  });

  test.each(LANGUAGES.filter((name) => name !== "en"))("%s is translated and in its own script", (name) => {
    const own = sentences(name);
    const same = Object.keys(own).filter((key) => own[key] === english[key] && key !== "direction");
    expect(same).toEqual([]);
    const script = { ar: /\p{Script=Arabic}/u, ru: /\p{Script=Cyrillic}/u }[name] ?? /\p{Script=Latin}/u;
    for (const [key, sentence] of Object.entries(own)) {
      if (key !== "direction") expect(sentence, key).toMatch(script);
    }
  });

  test("Arabic alone runs from right to left", () => {
    expect(LANGUAGES.filter((name) => newsroom.copy[name]?.direction === "rtl")).toEqual(["ar"]);
  });

  test("there is a sentence for each code of the contract", () => {
    expect(Object.keys(newsroom.copy.en?.errors ?? {}).sort()).toEqual(
      [
        ...["invalid_request", "captcha_required", "amount_below_minimum", "amount_above_maximum"],
        ...["currency_not_supported", "country_not_accepted", "country_not_acknowledged", "date_out_of_range"],
        ...["idempotency_key_reused", "request_in_progress", "not_found", "payload_too_large", "rate_limited"],
        ...["payment_provider_unavailable", "unauthorized", "forbidden", "internal"],
      ].sort(),
    );
  });

  test.each([
    ["en", ["In 1 month", "In 2 months", "In 6 months", "In 12 months"]],
    ["de", ["In 1 Monat", "In 2 Monaten", "In 6 Monaten", "In 12 Monaten"]],
    ["fr", ["Dans 1 mois", "Dans 2 mois", "Dans 6 mois", "Dans 12 mois"]],
    ["es", ["Dentro de 1 mes", "Dentro de 2 meses", "Dentro de 6 meses", "Dentro de 12 meses"]],
    ["ru", ["Через 1 месяц", "Через 2 месяца", "Через 6 месяцев", "Через 12 месяцев"]],
    ["ar", ["بعد شهر واحد", "بعد شهرين", "بعد 6 أشهر", "بعد 12 شهرًا"]],
  ])("%s counts months as its speakers do", (name, expected) => {
    const forms = copyFor(newsroom, name).remind.in_months;
    expect([1, 2, 6, 12].map((n) => plural(name, forms, n))).toEqual(expected);
  });

  test("a value that is missing throws, one that has braces is left as it is", () => {
    expect(fill("{amount} for {newsroom}", { amount: "$5", newsroom: "{amount}" })).toBe("$5 for {amount}");
    expect(() => fill("{amount}", {})).toThrow("{amount}");
    expect(() => fill("{constructor}", {})).toThrow("{constructor}");
  });
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

describe("another newsroom's file", () => {
  test("a language is a file: a new one is offered, a removed one is not", () => {
    cpSync(locale("en"), locale("en-GB"));
    rmSync(locale("fr"));
    expect(loadNewsroom(file).locales).toEqual(["ar", "de", "en", "en-GB", "es", "ru"]);
    edit(file, ["locales", ["en", "ru"]]);
    expect(loadNewsroom(file).locales).toEqual(["en", "ru"]);
  });

  test("without a folder of languages the product's own are used", () => {
    rmSync(join(directory, "locales"), { recursive: true });
    expect(loadNewsroom(file).locales).toEqual(LANGUAGES);
  });

  test("a percentage without quotes is as good", () => {
    edit(file, ["currencies.USD.fees.percent", 2.2]);
    expect(feeSchedule(loadNewsroom(file), "USD")?.percent).toBe("2.2");
  });
});

describe("while the service runs", () => {
  let watched: WatchedNewsroom | null = null;
  const log = { info: vi.fn(), error: vi.fn() };
  const watchIt = () => {
    log.info.mockClear();
    log.error.mockClear();
    watched = watchNewsroom(file, log, { quietMs: 30, pollMs: 200 });
    return watched;
  };
  afterEach(() => {
    watched?.close();
    watched = null;
  });

  const until = (check: () => void) => vi.waitFor(check, { timeout: 6000, interval: 20 });

  test("an edit takes effect", async () => {
    const { current } = watchIt();
    const before = current();
    edit(file, ["newsroom.name", "The Evening Post"]);
    await until(() => expect(current().newsroom.name).toBe("The Evening Post"));
    expect(before.newsroom.name).toBe("The Harbour Courier");
    expect(log.error).not.toHaveBeenCalled();
  });

  test("so does an edit of a language, and a new language", async () => {
    const { current } = watchIt();
    edit(locale("de"), ["form.lead", "Neu."]);
    await until(() => expect(current().copy.de?.form.lead).toBe("Neu."));
    cpSync(locale("de"), locale("de-AT"));
    await until(() => expect(current().locales).toContain("de-AT"));
  });

  test("editors that replace the file are followed, time after time", async () => {
    const { current } = watchIt();
    for (const name of ["First", "Second", "Third"]) {
      const draft = `${file}.swp`;
      cpSync(file, draft);
      edit(draft, ["newsroom.name", name]);
      renameSync(draft, file);
      await until(() => expect(current().newsroom.name).toBe(name));
    }
  });

  test("a volume whose files are links is followed", async () => {
    const versions = ["..one", "..two"].map((name) => join(directory, name));
    for (const version of versions) {
      mkdirSync(version);
      cpSync(join(SHIPPED, "newsroom.yaml"), join(version, "newsroom.yaml"));
    }
    edit(join(versions[1] ?? "", "newsroom.yaml"), ["newsroom.name", "Linked"]);
    rmSync(file);
    symlinkSync(versions[0] ?? "", join(directory, "..data"));
    symlinkSync("..data/newsroom.yaml", file);
    const { current } = watchIt();
    symlinkSync(versions[1] ?? "", join(directory, "..next"));
    renameSync(join(directory, "..next"), join(directory, "..data"));
    await until(() => expect(current().newsroom.name).toBe("Linked"));
  });

  test("a change that the system doesn't report is found by looking", async () => {
    const elsewhere = mkdtempSync(join(tmpdir(), "newsroom-elsewhere-"));
    renameSync(file, join(elsewhere, "newsroom.yaml"));
    symlinkSync(join(elsewhere, "newsroom.yaml"), file);
    const { current } = watchIt();
    edit(join(elsewhere, "newsroom.yaml"), ["newsroom.name", "Found"]);
    await until(() => expect(current().newsroom.name).toBe("Found"));
    rmSync(elsewhere, { recursive: true });
  });

  test("a broken edit keeps the last good one, says why once, and mending it is enough", async () => {
    const { current } = watchIt();
    const good = current();
    edit(file, ["newsroom.contact_email", "hunter2"], ["newsroom.name", "Never shown"]);
    await until(() => expect(log.error).toHaveBeenCalled());
    expect(current()).toBe(good);
    expect(log.error.mock.calls[0]?.[0]).toEqual({
      faults: [expect.stringMatching(/^newsroom\.yaml:\d+: newsroom\.contact_email: expected an e-mail address$/)],
    });
    expect(JSON.stringify(log.error.mock.calls)).not.toContain("hunter2");

    // Longer than a poll: the same broken file is not complained about again.
    await new Promise((resolveLater) => setTimeout(resolveLater, 500));
    expect(log.error).toHaveBeenCalledTimes(1);

    edit(file, ["newsroom.contact_email", "desk@example.org"]);
    await until(() =>
      expect(current().newsroom).toMatchObject({ name: "Never shown", contact_email: "desk@example.org" }),
    );
  });

  test("a file that is gone for a while is no reason to stop", async () => {
    const { current } = watchIt();
    const good = current();
    renameSync(file, `${file}.away`);
    await until(() => expect(log.error).toHaveBeenCalled());
    expect(current()).toBe(good);
    renameSync(`${file}.away`, file);
    await until(() => expect(log.info).toHaveBeenCalled());
    expect(current()).toEqual(good);
  });

  test("a broken language keeps the last good one too", async () => {
    const { current } = watchIt();
    edit(locale("ru"), ["form.cover_fees", "без суммы"]);
    await until(() => expect(log.error).toHaveBeenCalled());
    expect(current().copy.ru?.form.cover_fees).toContain("{amount}");
  });

  test("after it is closed nothing is followed", async () => {
    const { current, close } = watchIt();
    close();
    edit(file, ["newsroom.name", "Too late"]);
    await new Promise((resolveLater) => setTimeout(resolveLater, 500));
    expect(current().newsroom.name).toBe("The Harbour Courier");
  });

  test("the first load has no last good one: a fault stops the start", () => {
    edit(file, ["newsroom.name", ""]);
    expect(() => watchNewsroom(file, log)).toThrow(SetupError);
  });
});

/** Paths and texts of all leaves but the plural forms. */
function leaves(value: unknown, path = ""): readonly (readonly [string, string])[] {
  if (typeof value !== "object" || value === null) return [[path, String(value)]];
  if (path === "remind.in_months") return [];
  return Object.entries(value).flatMap(([key, part]) => leaves(part, path === "" ? key : `${path}.${key}`));
}
