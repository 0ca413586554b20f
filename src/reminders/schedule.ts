import { v7 } from "uuid";
import { inTransaction } from "../db/transaction.ts";
import type { Deps } from "../deps.ts";
import { assertNotBlocked, assertOffered, refusal } from "../donations/accept.ts";
import { signToken } from "../mail/links.ts";
import { amountRules, copyFor, type NewsroomConfig, pickLocale } from "../newsroom.ts";
import { attributionColumns } from "../shared/attribution.ts";
import { AppError } from "../shared/errors.ts";
import { emailHash } from "../vault/email-hash.ts";
import { askToConfirm, lockAddress, mustConfirm, withdrawQuestion } from "./address.queries.ts";
import type { ReminderBody } from "./body.ts";
import { dueOf } from "./due-date.ts";
import { insertReminder, type NewReminder, supersede } from "./schedule.queries.ts";

export type ReminderDeps = Pick<Deps, "db" | "vault" | "now" | "log" | "config" | "newsroom" | "limits">;

export interface Scheduled {
  readonly id: string;
  /** As YYYY-MM-DD, the reader's own day. */
  readonly due_on: string;
  readonly token: string;
}

/**
 * Keeps a reminder. Everything is looked at before anything is said. An address has one reminder: a new request moves it, and the answer
 * is the same, with a new id, whether the address was known or not.
 * @param country where the CDN sees the reader, if it says so
 * @throws AppError with the contract's codes
 */
export async function scheduleReminder(
  deps: ReminderDeps,
  body: ReminderBody,
  country: string | null,
): Promise<Scheduled> {
  const newsroom = deps.newsroom();
  const countries = [body.country, country].filter((code) => code !== undefined && code !== null);
  assertPlausible(newsroom, body, countries);
  const now = deps.now();
  const due = dueOf(newsroom, body, now);
  const from = body.attribution;
  const id = v7();
  const reminder = {
    id,
    channel: body.channel,
    state: "pending",
    due_on: due.dueOn,
    due_at: due.dueAt,
    time_zone: due.timeZone,
    lead_days: due.leadDays,
    locale: pickLocale(newsroom, body.locale),
    frequency: body.frequency ?? null,
    amount: body.amount ?? null,
    currency: body.currency ?? null,
    newsletter: body.newsletter,
    discreet: body.discreet,
    country: countries[0] ?? null,
    ...attributionColumns(from),
    created_at: now,
  } satisfies NewReminder;
  if (body.email === undefined) await insertReminder(deps.db, reminder);
  else {
    const countryAsks = countries.some((code) => newsroom.countries.confirm_mail.includes(code));
    await keepForAddress(deps, reminder, body.email, countryAsks);
  }
  return { id, due_on: due.dueOn, token: signToken(deps.vault, "reminder", id) };
}

async function keepForAddress(
  deps: ReminderDeps,
  reminder: NewReminder & {
    readonly id: string;
    readonly due_on: string;
    readonly locale: string;
    readonly discreet: boolean;
  },
  email: string,
  countryAsks: boolean,
): Promise<void> {
  const hash = emailHash(deps.vault, email);
  await deps.limits.count("reminder_address", hash.toString("base64url"));
  const { id, due_on: dueOn, locale, discreet } = reminder;
  const address = { address_hash: hash, address_sealed: deps.vault.seal(email, `reminders.address_sealed:${id}`) };
  await inTransaction(deps.db, async (trx) => {
    await lockAddress(trx, hash);
    await withdrawQuestion(trx, hash, await supersede(trx, hash, deps.now()));
    const asks = await mustConfirm(trx, hash, countryAsks);
    await insertReminder(trx, { ...reminder, ...address, state: asks ? "unconfirmed" : "pending" });
    if (asks) await askToConfirm(trx, { reminderId: id, hash, dueOn, locale, discreet, cause: id });
  });
}

function assertPlausible(newsroom: NewsroomConfig, body: ReminderBody, countries: readonly string[]): void {
  if (!newsroom.reminders.enabled) {
    throw new AppError("not_found", "not_found", "This newsroom sends no reminders: the form doesn't offer them.");
  }
  assertNotBlocked(newsroom, body.locale, countries);
  const { amount, currency, frequency } = body;
  if (currency !== undefined && amountRules(newsroom, currency, frequency ?? "once") === null) {
    throw refusal("currency_not_supported", "currency", copyFor(newsroom, body.locale).errors.currency_not_supported);
  }
  if (amount === undefined || currency === undefined || frequency === undefined) return;
  assertOffered(newsroom, body.locale, { amount, currency, frequency });
}
