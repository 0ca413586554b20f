import { currencyFor, type NewsroomConfig, pickLocale } from "../newsroom.ts";
import { type FormValues, typed } from "./form-values.ts";

/**
 * The language of a page: the one that its address asks for, else the first of the browser's that is ours (`languages` as
 * Accept-Language ranks them), else the newsroom's own.
 */
export function localeFor(newsroom: NewsroomConfig, query: FormValues, languages: readonly string[]): string {
  for (const tag of [typed(query, "locale", 35), ...languages]) {
    const locale = pickLocale(newsroom, tag);
    if (primary(locale) === primary(tag)) return locale;
  }
  return newsroom.default_locale;
}

function primary(tag: string): string | undefined {
  return tag.trim().toLowerCase().split(/[-_]/)[0];
}

/** The currency that the address asks for, if the newsroom takes it, else that of the country in which a CDN sees the reader. */
export function currencyOf(newsroom: NewsroomConfig, query: FormValues, country: string | undefined): string {
  const asked = typed(query, "currency", 3).toUpperCase();
  if (Object.hasOwn(newsroom.currencies, asked)) return asked;
  return currencyFor(newsroom, country?.toUpperCase());
}
