import type { Transaction } from "kysely";
import type { DB } from "../db/schema.ts";
import { inTransaction } from "../db/transaction.ts";
import type { Deps } from "../deps.ts";
import { type NewMail, queueMails } from "../mail/queue.queries.ts";
import type { Frequency, NewsroomConfig } from "../newsroom.ts";
import { SetupError } from "../shared/errors.ts";
import { localDate } from "../shared/period.ts";
import {
  type Closed,
  claimDue,
  claimOne,
  closeReminders,
  type DueReminder,
  dueIds,
  markQueued,
  type Postponed,
  postpone,
  reasonsAgainst,
} from "./due.queries.ts";
import { nextDaytime } from "./due-date.ts";

const BATCH = 500;
const HOUR_MS = 60 * 60 * 1000;
/** One that the database refuses is tried once an hour, and given up after so many tries. */
const MOST_TRIES = 5;

type DueDeps = Pick<Deps, "db" | "vault" | "now" | "log" | "newsroom">;

/**
 * Queues the mails of reminders that are due, a batch in one short transaction: any number of workers may do it at once, and one that is
 * killed leaves nothing half done. Whatever is wrong with one reminder sets that one aside and stops no other.
 * @returns how many were looked at; 0 when nothing is due, or while mail is paused
 */
export async function sendDueReminders(deps: DueDeps): Promise<number> {
  const newsroom = deps.newsroom();
  if (newsroom.mail.paused) return 0;
  const now = deps.now();
  try {
    return await inTransaction(deps.db, async (trx) =>
      handle(deps, newsroom, trx, await claimDue(trx, now, BATCH), now),
    );
  } catch (error) {
    if (!isAboutValues(error)) throw error;
    deps.log.warn({ err: error }, "a batch of reminders was refused; they are taken one by one");
    return await oneByOne(deps, newsroom, now);
  }
}

async function oneByOne(deps: DueDeps, newsroom: NewsroomConfig, now: Date): Promise<number> {
  const ids = await dueIds(deps.db, now, BATCH);
  for (const id of ids) {
    try {
      await inTransaction(deps.db, async (trx) => handle(deps, newsroom, trx, await claimOne(trx, id, now), now));
    } catch (error) {
      if (!isAboutValues(error)) throw error;
      deps.log.error({ reminder_id: id, err: error }, "a reminder could not be queued; it is set aside");
      await inTransaction(deps.db, async (trx) => setAside(trx, await claimOne(trx, id, now), now));
    }
  }
  return ids.length;
}

async function setAside(trx: Transaction<DB>, reminders: readonly DueReminder[], now: Date): Promise<void> {
  const [hopeless, others] = [true, false].map((is) =>
    reminders.filter((each) => each.attempts + 1 >= MOST_TRIES === is),
  );
  const close = (hopeless ?? []).map(({ id }) => ({ id, state: "failed", reason: "refused_by_database" }) as const);
  await closeReminders(trx, close, now);
  await postpone(
    trx,
    (others ?? []).map(({ id }) => ({ id, dueAt: new Date(+now + HOUR_MS), tried: true })),
  );
}

async function handle(
  deps: DueDeps,
  newsroom: NewsroomConfig,
  trx: Transaction<DB>,
  reminders: readonly DueReminder[],
  now: Date,
): Promise<number> {
  if (reminders.length === 0) return 0;
  const against = await reasonsAgainst(
    trx,
    reminders.map(({ id }) => id),
  );
  const mails: NewMail[] = [];
  const closed: Closed[] = [];
  const postponed: Postponed[] = [];
  for (const reminder of reminders) {
    const { id } = reminder;
    const reason = against.get(id);
    const step = reason === undefined ? nextStep(deps, newsroom, reminder, now) : ({ suppressed: reason } as const);
    if ("mail" in step) mails.push(step.mail);
    else if ("later" in step) postponed.push({ id, dueAt: step.later, tried: false });
    else if ("suppressed" in step) closed.push({ id, state: "suppressed", reason: step.suppressed });
    else closed.push({ id, state: "failed", reason: step.failed });
  }
  await postpone(trx, postponed);
  await closeReminders(trx, closed, now);
  const sending = mails.map(({ cause }) => cause);
  await markQueued(trx, sending);
  await queueMails(trx, mails);
  return reminders.length;
}

type Step =
  | { readonly mail: NewMail }
  | { readonly later: Date }
  | { readonly suppressed: string }
  | { readonly failed: string };

function nextStep(deps: DueDeps, newsroom: NewsroomConfig, reminder: DueReminder, now: Date): Step {
  const { id, time_zone, locale, discreet } = reminder;
  try {
    const daytime = nextDaytime(newsroom, time_zone, now);
    if (daytime !== null) return { later: daytime };
  } catch {
    return { failed: "unknown_time_zone" };
  }
  try {
    deps.vault.open(reminder.address_sealed as Buffer, `reminders.address_sealed:${id}`);
  } catch (error) {
    if (!(error instanceof SetupError)) return { failed: "address_unreadable" };
    // Nothing is wrong with the reminder: it waits for the key.
    deps.log.error({ reminder_id: id, err: error }, "a reminder's address is under a key that DATA_KEYS doesn't have");
    return { later: new Date(+now + HOUR_MS) };
  }
  const { frequency, amount, currency } = reminder;
  const data = {
    frequency: frequency as Frequency | null,
    amount,
    currency,
    asked_on: localDate(reminder.created_at, time_zone),
  };
  return { mail: { kind: "reminder", cause: id, reminderId: id, locale, discreet, data } };
}

/** What the database says of values that it can't take: 22 data, 23 constraints, P0 what a trigger raises. All else has nothing to do with the rows. */
function isAboutValues(error: unknown): boolean {
  return /^(?:22|23|P0)/.test((error as { code?: string }).code ?? "");
}
