import type { Weighted } from "./random.ts";

/** Where readers live, and the language that they read the newsroom in. */
export const HOMES: readonly Weighted<{ readonly country: string; readonly locale: string }>[] = [
  [{ country: "US", locale: "en" }, 22],
  [{ country: "DE", locale: "de" }, 24],
  [{ country: "GB", locale: "en" }, 10],
  [{ country: "FR", locale: "fr" }, 7],
  [{ country: "ES", locale: "es" }, 5],
  [{ country: "AT", locale: "de" }, 4],
  [{ country: "CH", locale: "de" }, 3],
  [{ country: "NL", locale: "en" }, 4],
  [{ country: "IT", locale: "en" }, 3],
  [{ country: "CA", locale: "en" }, 3],
  [{ country: "JP", locale: "en" }, 2],
  [{ country: "IS", locale: "en" }, 1],
  [{ country: "LT", locale: "ru" }, 3],
  [{ country: "LV", locale: "ru" }, 2],
  [{ country: "GE", locale: "ru" }, 3],
  [{ country: "IL", locale: "ru" }, 2],
  [{ country: "MX", locale: "es" }, 1],
  [{ country: "JO", locale: "ar" }, 1],
];

/** Where bank debits are taken. */
export const SEPA = new Set("AT DE ES FR IE IT LT LV NL BE PT FI".split(" "));

/** Nobody's: put together at random, at addresses that are set aside for examples (RFC 2606). */
export const FIRST_NAMES: Readonly<Record<string, readonly string[]>> = {
  en: "Alice Ben Clara Daniel Emma Frank Grace Henry Iris Jack Kate Leo Mary Noah Olive Paul Ruth Sam".split(" "),
  de: "Anna Bernd Carla Dieter Eva Felix Greta Hans Ilse Jonas Karin Lukas Marta Nils Petra Rolf Ulla".split(" "),
  fr: "Aline Benoît Camille Denis Élise François Gaëlle Hugo Inès Jules Léa Marc Nina Odile Rémi".split(" "),
  es: "Ana Bruno Carmen Diego Elena Félix Gloria Iván Julia Luis Marta Nuria Óscar Pilar Raúl".split(" "),
  ru: "Анна Борис Вера Глеб Дарья Егор Жанна Иван Кира Лев Мария Нина Олег Полина Юлия".split(" "),
  ar: "أمل باسم تالا جمال دانا رامي زينب سامي عمر فرح ليلى مريم نادر هدى يوسف".split(" "),
};
export const LAST_NAMES: Readonly<Record<string, readonly string[]>> = {
  en: "Archer Brook Carter Dale Ellis Field Grove Hill Ives Kirk Lake Marsh North Page Reed Stone Vale Wood".split(" "),
  de: "Acker Bach Dorn Eck Feld Garten Hafen Holz Kamp Lind Moor Nebel Rosen Stein Tal Ufer Wald".split(" "),
  fr: "Aubier Bellac Charme Dubois Étang Fontaine Grange Jardin Lavoir Moulin Noyer Prairie Rivière".split(" "),
  es: "Arroyo Bosque Campo Duero Encina Fuente Huerta Lago Molino Olmo Prado Ribera Sierra Torres".split(" "),
  ru: "Берег Волна Гавань Дубок Заря Ивушка Клён Лесок Мост Парус Роща Снегирь Тропа".split(" "),
  ar: "البحر الجبل الحديقة الزهر السهل الشجر النهر الوادي".split(" "),
};
export const MAIL_DOMAINS = ["example.org", "example.net", "example.com"] as const;

const PLACES = "harbour market bridge river station hospital school library forest coast mine border stadium".split(
  " ",
);
const MATTERS = "vote fire strike deal files trial budget leak closure rescue promise debt inquiry".split(" ");

/** A piece of that week, one of eight. */
export function articleOf(week: number, number: number): string {
  const place = PLACES[(week * 5 + number * 3) % PLACES.length];
  const matter = MATTERS[(week * 2 + number * 7) % MATTERS.length];
  return `the-${place}-${matter}-${week * 8 + number}`;
}

/** The newest is read most. */
export const ARTICLE_AGES: readonly Weighted<number>[] = [
  [0, 70],
  [1, 16],
  [2, 6],
  [5, 4],
  [12, 3],
  [30, 1],
];
export const ARTICLE_PLACES: readonly Weighted<number>[] = [
  [0, 30],
  [1, 20],
  [2, 14],
  [3, 11],
  [4, 9],
  [5, 7],
  [6, 5],
  [7, 4],
];
export const PLACEMENTS: readonly Weighted<string>[] = [
  ["end-of-article", 46],
  ["inline", 18],
  ["sidebar", 12],
  ["banner", 14],
  ["support-page", 10],
];
export const SOURCES: readonly Weighted<{ readonly utm_source: string | null; readonly utm_medium: string | null }>[] =
  [
    [{ utm_source: null, utm_medium: null }, 52],
    [{ utm_source: "newsletter", utm_medium: "email" }, 22],
    [{ utm_source: "telegram", utm_medium: "social" }, 9],
    [{ utm_source: "facebook", utm_medium: "social" }, 7],
    [{ utm_source: "mastodon", utm_medium: "social" }, 4],
    [{ utm_source: "partner", utm_medium: "referral" }, 6],
  ];
export const BRANDS: readonly Weighted<string>[] = [
  ["visa", 55],
  ["mastercard", 36],
  ["amex", 7],
  ["discover", 2],
];
export const WALLETS: readonly Weighted<string | null>[] = [
  [null, 62],
  ["apple_pay", 23],
  ["google_pay", 12],
  ["link", 3],
];
export const DECLINES: readonly Weighted<string>[] = [
  ["insufficient_funds", 46],
  ["generic_decline", 24],
  ["expired_card", 16],
  ["do_not_honor", 10],
  ["lost_card", 4],
];
export const DISPUTE_REASONS: readonly Weighted<string>[] = [
  ["fraudulent", 55],
  ["subscription_canceled", 20],
  ["unrecognized", 15],
  ["duplicate", 6],
  ["general", 4],
];
/** How many of a hundred come at each hour of the day (UTC). */
export const HOURS: readonly Weighted<number>[] = [
  1, 0.6, 0.4, 0.3, 0.3, 0.6, 1.3, 2.3, 3, 3.2, 3.3, 3.4, 3.6, 3.4, 3.2, 3.2, 3.5, 3.9, 4.5, 5.1, 5.2, 4.5, 3.2, 2,
].map((weight, hour) => [hour, weight] as const);
