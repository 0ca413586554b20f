import type { NewsroomConfig } from "./load.ts";
import type { AmountRules, CurrencyRules, Frequency } from "./schema.ts";

type FrozenRules = { readonly [K in keyof AmountRules]: Readonly<AmountRules[K]> };

/** Presets and limits in minor units, or null when the newsroom doesn't take that currency. */
export function amountRules(newsroom: NewsroomConfig, currency: string, frequency: Frequency): FrozenRules | null {
  return own(newsroom.currencies, currency)?.[frequency] ?? null;
}

/** The schedule by which a donor can cover the fees, or null when the newsroom doesn't take that currency. */
export function feeSchedule(newsroom: NewsroomConfig, currency: string): Readonly<CurrencyRules["fees"]> | null {
  return own(newsroom.currencies, currency)?.fees ?? null;
}

/** The currency to offer in a country (ISO 3166, capital letters) when the reader named none. */
export function currencyFor(newsroom: NewsroomConfig, country: string | null | undefined): string {
  return own(newsroom.currency_by_country, country ?? "") ?? newsroom.default_currency;
}

/** The language of ours that comes nearest to what was asked for (`de-AT` → `de`), or the default one. */
export function pickLocale(newsroom: NewsroomConfig, wanted: string | null | undefined): string {
  return findLocale(newsroom, wanted) ?? newsroom.default_locale;
}

/** The same, or null when none of ours is near. */
export function findLocale(newsroom: NewsroomConfig, wanted: string | null | undefined): string | null {
  const asked = (wanted ?? "").trim().toLowerCase();
  const named = (tag: string) => newsroom.locales.find((locale) => locale.toLowerCase() === tag);
  const parts = asked.split(/[-_]/);
  for (let length = parts.length; length > 0; length -= 1) {
    const found = named(parts.slice(0, length).join("-"));
    if (found) return found;
  }
  return null;
}

/** The copy in the language of `pickLocale`. */
export function copyFor(newsroom: NewsroomConfig, wanted: string | null | undefined): NewsroomConfig["copy"][string] {
  const copy = newsroom.copy[pickLocale(newsroom, wanted)];
  if (!copy) throw new Error("A language of the newsroom has no copy.");
  return copy;
}

function own<T>(record: Readonly<Record<string, T>>, key: string): T | undefined {
  return Object.hasOwn(record, key) ? record[key] : undefined;
}
