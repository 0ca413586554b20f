import { type Html, html } from "../../http/html.ts";
import { exponent, formatDecimal, formatMoney } from "../../shared/money.ts";
import { localDate } from "../../shared/period.ts";

/** How pages for staff write figures. They are in English, so numbers are too; an amount has the decimals of its currency. */
const LOCALE = "en";

const counts = new Intl.NumberFormat(LOCALE);
const percents = new Intl.NumberFormat(LOCALE, { style: "percent", maximumFractionDigits: 1 });
const changes = new Intl.NumberFormat(LOCALE, {
  style: "percent",
  maximumFractionDigits: 1,
  signDisplay: "exceptZero",
});

/** @param amount in minor units; null where there is none */
export function money(amount: number | null, currency: string): string {
  return amount === null ? "–" : formatMoney(amount, currency, LOCALE);
}

/** Short enough for an axis: 1,200,000 minor units of USD are $12K. */
export function shortMoney(amount: number, currency: string): string {
  const kept = shorts.get(currency) ?? shortFormat(currency);
  shorts.set(currency, kept);
  return kept.format(formatDecimal(amount, currency));
}

const shorts = new Map<string, Intl.NumberFormat>();

function shortFormat(currency: string): Intl.NumberFormat {
  const decimals = { minimumFractionDigits: 0, maximumFractionDigits: exponent(currency) };
  return new Intl.NumberFormat(LOCALE, { style: "currency", currency, notation: "compact", ...decimals });
}

export function count(value: number | null): string {
  return value === null ? "–" : counts.format(value);
}

/** @param share 0.25 is 25% */
export function percent(share: number | null): string {
  return share === null ? "–" : percents.format(share);
}

/** How much more or less than before; nothing can be said of what was or is nothing, or less (fees that came back). */
export function change(now: number, before: number): string {
  return before <= 0 || now < 0 ? "–" : changes.format((now - before) / before);
}

const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
/** Keeps a date on one line. */
const SPACE = "\u00a0";

/** `2026-11-01` → `Nov 2026` */
export function monthName(day: string): string {
  return [MONTHS[Number(day.slice(5, 7)) - 1], day.slice(0, 4)].join(SPACE);
}

/** `2026-11-04` → `4 Nov 2026` */
export function dayName(day: string): string {
  return [Number(day.slice(8, 10)), monthName(day)].join(SPACE);
}

/** The day of an instant in a time zone. */
export function dayOf(instant: Date, timeZone: string): Html {
  return html`<time datetime="${instant.toISOString()}">${dayName(localDate(instant, timeZone))}</time>`;
}

/** Day and minute of an instant in a time zone. */
export function timeOf(instant: Date, timeZone: string): Html {
  const minute = new Intl.DateTimeFormat("en-GB", { timeZone, timeStyle: "short" }).format(instant);
  return html`<time datetime="${instant.toISOString()}">${dayName(localDate(instant, timeZone))}, ${minute}</time>`;
}

/** `warning_needs_response` → `warning needs response`: Stripe's own words, and ours, as people read them. */
export function words(code: string): string {
  return code.replaceAll("_", " ");
}

/** `{"status":"active","prices":["a","b"]}` → `status active; prices a, b` */
export function plain(value: unknown): string {
  if (value === null || value === undefined) return "–";
  if (Array.isArray(value)) return value.length === 0 ? "–" : value.map(plain).join(", ");
  if (typeof value !== "object") return String(value);
  return Object.entries(value)
    .map(([name, each]) => `${words(name)} ${plain(each)}`)
    .join("; ");
}

/** Whether two amounts that must be the same are, in words and with a mark. */
export function tick(isRight: boolean, right: string, wrong: string): Html {
  return isRight
    ? html`<span class="good"><span aria-hidden="true">✓ </span>${right}</span>`
    : html`<strong class="bad"><span aria-hidden="true">✗ </span>${wrong}</strong>`;
}
