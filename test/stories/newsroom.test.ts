import { cpSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { parse } from "yaml";
import {
  amountRules,
  copyFor,
  currencyFor,
  FREQUENCIES,
  feeSchedule,
  loadNewsroom,
  pickLocale,
} from "../../src/newsroom.ts";
import { fill, placeholders, plural } from "../../src/shared/copy.ts";
import { coverFees } from "../../src/shared/fees.ts";
import { isChargeable } from "../../src/shared/money.ts";
import { edit, LANGUAGES, newsroomFiles, SHIPPED } from "../support/newsroom-files.ts";

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

describe("another newsroom's file", () => {
  const files = newsroomFiles();

  test("a language is a file: a new one is offered, a removed one is not", () => {
    const { file, locale } = files();
    cpSync(locale("en"), locale("en-GB"));
    rmSync(locale("fr"));
    expect(loadNewsroom(file).locales).toEqual(["ar", "de", "en", "en-GB", "es", "ru"]);
    edit(file, ["locales", ["en", "ru"]]);
    expect(loadNewsroom(file).locales).toEqual(["en", "ru"]);
  });

  test("without a folder of languages the product's own are used", () => {
    const { directory, file } = files();
    rmSync(join(directory, "locales"), { recursive: true });
    expect(loadNewsroom(file).locales).toEqual(LANGUAGES);
  });

  test("a percentage without quotes is as good", () => {
    const { file } = files();
    edit(file, ["currencies.USD.fees.percent", 2.2]);
    expect(feeSchedule(loadNewsroom(file), "USD")?.percent).toBe("2.2");
  });
});

/** Paths and texts of all leaves but the plural forms. */
function leaves(value: unknown, path = ""): readonly (readonly [string, string])[] {
  if (typeof value !== "object" || value === null) return [[path, String(value)]];
  if (path === "remind.in_months") return [];
  return Object.entries(value).flatMap(([key, part]) => leaves(part, path === "" ? key : `${path}.${key}`));
}
