import { copyFor, type Frequency, type NewsroomConfig } from "../../newsroom.ts";
import { formatDay, formatInstant, formatMonth } from "../../shared/calendar-text.ts";
import { fill } from "../../shared/copy.ts";
import { assertSafe, formatMoney } from "../../shared/money.ts";
import type { MailLinks } from "../kinds.ts";
import { inDirection } from "./one-line.ts";

type Copy = NewsroomConfig["copy"][string];

/** What a template has at hand to write a letter in one language. */
export interface Desk {
  readonly copy: Copy["mail"];
  readonly form: Copy["form"];
  readonly newsroom: NewsroomConfig;
  readonly links: MailLinks;
  /** A sentence with its values; `{newsroom}` is always known. Throws when another is missing. */
  say(sentence: string, values?: Readonly<Record<string, string>>): string;
  /** An amount for a sentence: `$25`. */
  money(amount: number, currency: string): string;
  /** An amount for a receipt: `$25.00`. */
  exact(amount: number, currency: string): string;
  /** With how often it is given, where that is regular: `$10 a month`. */
  each(amount: string, frequency: Frequency): string;
  /** The same, for `once` too: `$25 once`. */
  choice(amount: string, frequency: Frequency): string;
  day(day: string): string;
  month(month: string): string;
  time(instant: string): string;
  count(n: number): string;
}

/** @param locale one of the newsroom's languages, as `pickLocale` gives it */
export function deskFor(newsroom: NewsroomConfig, locale: string, links: MailLinks): Desk {
  const { mail: copy, form, direction } = copyFor(newsroom, locale);
  const placed = (values: Readonly<Record<string, string>>) =>
    Object.fromEntries(Object.entries(values).map(([name, value]) => [name, inDirection(value, direction)]));
  const choice = (amount: string, frequency: Frequency) => fill(form.amount_each[frequency], { amount });
  return {
    copy,
    form,
    newsroom,
    links,
    say: (sentence, values = {}) => fill(sentence, placed({ newsroom: newsroom.newsroom.name, ...values })),
    money: (amount, currency) => formatMoney(amount, currency, locale, { short: true }),
    exact: (amount, currency) => formatMoney(amount, currency, locale),
    each: (amount, frequency) => (frequency === "once" ? amount : choice(amount, frequency)),
    choice,
    day: (day) => formatDay(day, locale),
    month: (month) => formatMonth(month, locale),
    time: (instant) => formatInstant(instant, locale, newsroom.time_zone),
    count: (n) => new Intl.NumberFormat(locale).format(assertSafe(n)),
  };
}

/** An address that the mail makes no sense without. Throws when the sender gave none. */
export function needed(links: MailLinks, name: Exclude<keyof MailLinks, "unsubscribe">): string {
  const url = links[name];
  if (url === null) throw new Error(`This kind of mail needs the link "${name}".`);
  return url;
}
