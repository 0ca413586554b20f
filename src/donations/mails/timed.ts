import type { Transaction } from "kysely";
import type { DB } from "../../db/schema.ts";
import { inTransaction } from "../../db/transaction.ts";
import type { Deps } from "../../deps.ts";
import { type NewMail, queueMails } from "../../mail/queue.queries.ts";
import type { Frequency, NewsroomConfig } from "../../newsroom.ts";
import { addDays, localDate, periodStart } from "../../shared/period.ts";
import {
  anniversaries,
  claimScan,
  expiringCards,
  finishScan,
  lastScan,
  type TimedGift,
  upcomingRenewals,
} from "./timed.queries.ts";

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
/** Of each kind, in one transaction. */
const BATCH = 2_000;
const CARD_NOTICE_DAYS = 31;
/** An anniversary that was missed, as while the service was down, is made up for this long. */
const ANNIVERSARY_DAYS = 7;

/**
 * Queues what time alone brings to running gifts: a card that ends, an annual renewal, a year of giving. To be called every minute or so; it
 * looks once an hour of product time, over all processes. @returns how many mails were queued
 */
export async function queueTimedMails(deps: Pick<Deps, "db" | "now" | "newsroom">): Promise<number> {
  const now = deps.now();
  const scanned = await lastScan(deps.db);
  if (scanned !== null && Math.abs(+now - +scanned) < HOUR_MS) return 0;
  return await inTransaction(deps.db, async (trx) => {
    if (!(await claimScan(trx))) return 0;
    const found = await dueMails(trx, now, deps.newsroom());
    const mails = found.flat();
    await queueMails(trx, mails);
    if (found.every((each) => each.length < BATCH)) await finishScan(trx, now);
    return mails.length;
  });
}

async function dueMails(
  trx: Transaction<DB>,
  now: Date,
  newsroom: NewsroomConfig,
): Promise<readonly (readonly NewMail[])[]> {
  const { mail, time_zone: timeZone } = newsroom;
  const cards = await expiringCards(trx, monthsThatEnd(now, timeZone), BATCH);
  const renewals = await upcomingRenewals(trx, { now, days: mail.annual_notice_days, timeZone }, BATCH);
  const within = { now, days: ANNIVERSARY_DAYS, timeZone, birthdays: birthdaysBefore(now) };
  const years = mail.yearly_note ? await anniversaries(trx, within, BATCH) : [];
  const common = (row: TimedGift) => ({
    cause: row.cause,
    donationId: row.donation_id,
    locale: row.locale,
    discreet: row.discreet || mail.discreet,
  });
  return [
    cards.map((row) => {
      const next_on = row.next_at === null ? null : localDate(row.next_at, timeZone);
      return { kind: "card_expiring", ...common(row), data: { ...giftOf(row), expires: row.expires, next_on } };
    }),
    renewals.map((row) => ({
      kind: "annual_upcoming",
      ...common(row),
      data: { ...giftOf(row), renews_on: row.renews_on },
    })),
    years.map((row) => {
      const { since, total, payments } = row;
      return { kind: "yearly_note", ...common(row), data: { ...giftOf(row), since, total, payments } };
    }),
  ];
}

function giftOf({ frequency, amount, currency }: TimedGift) {
  return { frequency: frequency as Frequency, amount, currency };
}

/** A card is good to the end of its month: those that end in about thirty days or less. */
function monthsThatEnd(now: Date, timeZone: string): readonly { readonly year: number; readonly month: number }[] {
  const today = localDate(now, timeZone);
  const [year = 0, month = 0] = today.split("-").map(Number);
  return [0, 1]
    .map((ahead) => new Date(Date.UTC(year, month - 1 + ahead, 1)))
    .filter((first) => {
      const next = new Date(Date.UTC(first.getUTCFullYear(), first.getUTCMonth() + 1, 1)).toISOString().slice(0, 10);
      return periodStart(next, timeZone) <= periodStart(addDays(today, CARD_NOTICE_DAYS), timeZone);
    })
    .map((first) => ({ year: first.getUTCFullYear(), month: first.getUTCMonth() + 1 }));
}

/** Months and days of the last days, in UTC; a gift of 29 February has its anniversary on the 28th in most years. */
function birthdaysBefore(now: Date): readonly { readonly month: number; readonly day: number }[] {
  const days = Array.from({ length: ANNIVERSARY_DAYS + 1 }, (_, back) => new Date(+now - back * DAY_MS));
  const birthdays = days.map((date) => ({ month: date.getUTCMonth() + 1, day: date.getUTCDate() }));
  const has28 = birthdays.some(({ month, day }) => month === 2 && day === 28);
  const has29 = birthdays.some(({ month, day }) => month === 2 && day === 29);
  return has28 && !has29 ? [...birthdays, { month: 2, day: 29 }] : birthdays;
}
