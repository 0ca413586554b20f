import type { Transaction } from "kysely";
import type { DB } from "../db/schema.ts";
import { inTransaction } from "../db/transaction.ts";
import type { Deps } from "../deps.ts";
import { pickLocale } from "../newsroom.ts";
import { MAIL_ATTEMPTS, MAIL_LEASE_MS, MAIL_OUTAGE_MS, MAIL_OUTAGE_PAUSE_MS } from "../shared/limits.ts";
import { decide, sealedAddress } from "./decide.ts";
import { GIVEN_UP } from "./given-up.ts";
import { linksOf } from "./links-of-mail.ts";
import { messageOf } from "./message.ts";
import { lockRamp, readRampCount, writeRamp } from "./ramp.queries.ts";
import { isRamping, rampStep } from "./ramp.ts";
import { finishReminder } from "./reminder-done.queries.ts";
import { renderMail } from "./render.ts";
import {
  clearBounced,
  endMail,
  lockMail,
  type MailEnd,
  type MailRow,
  markBounced,
  postponeMail,
  returnAfterOutage,
  returnMail,
  takeMail,
} from "./send.queries.ts";
import { MailFailure } from "./smtp-failure.ts";
import { templateVersion } from "./template-version.ts";

export type SendDeps = Pick<Deps, "db" | "config" | "newsroom" | "vault" | "mail" | "log">;

export interface SendOptions {
  readonly leaseMs?: number | undefined;
}

/** For a job that was taken just before mail was held back; no other one is taken until it isn't. */
const PAUSE_MS = 1_000;

/**
 * Does the job of one mail. Taken and decided in one transaction, sent outside of any, and its end written down in another: a worker that
 * dies in between leaves a lease that lapses, and the mail is sent again with the same Message-ID and Idempotency-Key.
 * @throws MailFailure when it is to be tried again; the queue waits longer each time
 */
export async function sendMail(deps: SendDeps, id: string, options: SendOptions = {}): Promise<void> {
  const taken = await inTransaction(deps.db, (trx) => take(deps, trx, id, options));
  if (taken === null) return;
  const { mail, attempt } = taken;
  try {
    await deps.mail.send(compose(deps, mail));
  } catch (error) {
    await failed(deps, taken, error);
    return;
  }
  await inTransaction(deps.db, (trx) => end(trx, mail, { state: "sent", reason: null }, attempt));
}

interface Taken {
  readonly mail: MailRow;
  readonly attempt: number;
}

async function take(deps: SendDeps, trx: Transaction<DB>, id: string, options: SendOptions): Promise<Taken | null> {
  const mail = await lockMail(trx, id);
  if (mail === null) return null;
  const decision = decide(mail);
  switch (decision.kind) {
    case "leave":
      return null;
    case "suppress":
      await end(trx, mail, { state: "suppressed", reason: decision.reason }, null);
      return null;
    case "postpone":
      await postponeMail(trx, id, decision.ms);
      return null;
    case "send": {
      const waitMs = isHeld(deps) ? PAUSE_MS : await rampWait(deps, trx, mail);
      if (waitMs > 0) {
        await postponeMail(trx, id, waitMs);
        return null;
      }
      return { mail, attempt: await takeMail(trx, id, options.leaseMs ?? MAIL_LEASE_MS) };
    }
  }
}

/** Whether mail waits: the newsroom has paused it, or there is no server to send it through. */
export function isHeld({ newsroom, mail }: Pick<Deps, "newsroom" | "mail">): boolean {
  return newsroom().mail.paused || !mail.configured;
}

/** How long a mail of a new template has to wait; what was tried before has waited. */
async function rampWait(deps: SendDeps, trx: Transaction<DB>, mail: MailRow): Promise<number> {
  const newsroom = deps.newsroom();
  const rule = newsroom.mail.ramp;
  if (mail.attempts > 0 || rule.first === 0) return 0;
  const version = templateVersion(newsroom, mail.kind);
  if (!isRamping(await readRampCount(trx, mail.kind, version), rule)) return 0;
  const { ramp, now } = await lockRamp(trx, mail.kind, version);
  if (!isRamping(ramp.sent, rule)) return 0;
  const step = rampStep(ramp, rule, now);
  await writeRamp(trx, mail.kind, version, step.ramp);
  return step.goes ? 0 : step.waitMs;
}

function compose(deps: SendDeps, mail: MailRow) {
  const newsroom = deps.newsroom();
  const sealed = sealedAddress(mail);
  if (sealed === null) throw new Error("A mail was taken that has no address.");
  const locale = pickLocale(newsroom, mail.locale ?? mail.donation?.locale ?? mail.reminder?.locale);
  const discreet = mail.discreet || newsroom.mail.discreet;
  const links = linksOf(deps, newsroom, mail);
  const rendered = renderMail(newsroom, {
    kind: mail.kind,
    data: mail.data,
    locale,
    discreet,
    links,
    reference: mail.donation?.id ?? null,
  });
  const to = deps.vault.open(sealed.sealed, sealed.context);
  return messageOf(deps.config, newsroom, { id: mail.id, to, discreet, links, rendered });
}

async function failed(deps: SendDeps, { mail, attempt }: Taken, error: unknown): Promise<void> {
  const { outcome, code } = error instanceof MailFailure ? error : new MailFailure("temporary", "internal");
  const log = { mail_id: mail.id, kind: mail.kind, attempts: attempt, code };
  if (outcome === "server" && (await inTransaction(deps.db, (trx) => waitForServer(trx, mail, attempt)))) {
    deps.log.warn(log, "the mail server could not be used; the mail waits for it");
    return;
  }
  if (outcome === "temporary" && attempt - mail.outages < MAIL_ATTEMPTS) {
    const cause = error instanceof MailFailure ? {} : { err: error };
    deps.log.warn({ ...log, ...cause }, "a mail could not be sent yet; it is tried again");
    await returnMail(deps.db, mail.id, attempt);
    throw new MailFailure(outcome, code);
  }
  const reason = outcome === "temporary" || outcome === "server" ? code : GIVEN_UP[outcome];
  await inTransaction(deps.db, async (trx) => {
    const ended = await end(trx, mail, { state: "failed", reason }, attempt);
    if (ended && outcome === "address" && mail.address_hash !== null) await markBounced(trx, mail.address_hash, code);
  });
  deps.log.warn({ ...log, reason }, "a mail was given up");
}

/** Its job is put off, so that neither the mail nor the job loses an attempt. @returns false when it has waited long enough */
async function waitForServer(trx: Transaction<DB>, mail: MailRow, attempt: number): Promise<boolean> {
  const sinceMs = await returnAfterOutage(trx, mail.id, attempt, MAIL_OUTAGE_MS);
  if (sinceMs === null) return false;
  const { first, longest } = MAIL_OUTAGE_PAUSE_MS;
  await postponeMail(trx, mail.id, Math.min(Math.max(sinceMs / 4, first), longest));
  return true;
}

async function end(trx: Transaction<DB>, mail: MailRow, ended: MailEnd, attempt: number | null): Promise<boolean> {
  if (!(await endMail(trx, mail.id, ended, attempt))) return false;
  if (ended.state === "sent" && mail.address?.bounced === true && mail.address_hash !== null)
    await clearBounced(trx, mail.address_hash);
  if (mail.kind === "reminder" && mail.reminder !== null)
    await finishReminder(trx, mail.reminder.id, ended.state, ended.reason);
  return true;
}
