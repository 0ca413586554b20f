import { type Kysely, sql, type Transaction } from "kysely";
import { v5 } from "uuid";
import type { DB } from "../db/schema.ts";
import type { MailData, MailKind } from "./kinds.ts";

/** Fixed for ever: a mail's id, and with it its Message-ID, follows from its kind and cause. */
const NAMESPACE = "0b8e2a0e-2f4b-5a59-8f1c-6d1f3a7c9e55";

export type NewMail = { [K in MailKind]: NewMailOf<K> }[MailKind];

interface NewMailOf<K extends MailKind> {
  readonly kind: K;
  /** What it is about, such as a payment's id: there is one mail of a kind for each cause, ever. */
  readonly cause: string;
  readonly data: MailData[K];
  readonly donationId?: string | null;
  readonly reminderId?: string | null;
  readonly locale?: string | null;
  /** A neutral subject that doesn't name the newsroom. */
  readonly discreet?: boolean;
  /** Where no other row holds the address; sealed for `mails.to_sealed:<mailId>`. */
  readonly toSealed?: Buffer | null;
  readonly toHash?: Buffer | null;
  /** Kept, but never sent, for this reason. */
  readonly suppressed?: string;
}

/** The id of the mail of that kind and cause. */
export function mailId(kind: MailKind, cause: string): string {
  return v5(`${kind}:${cause}`, NAMESPACE);
}

/**
 * Writes mails down with their jobs, in the transaction of what caused them. One that was written before is left as it is.
 * @returns the ids that are new and will be sent
 */
export async function queueMails(trx: Transaction<DB>, mails: readonly NewMail[]): Promise<readonly string[]> {
  if (mails.length === 0) return [];
  const rows = mails.map((mail) => ({
    id: mailId(mail.kind, mail.cause),
    kind: mail.kind,
    cause: mail.cause,
    donation_id: mail.donationId ?? null,
    reminder_id: mail.reminderId ?? null,
    locale: mail.locale ?? null,
    discreet: mail.discreet ?? false,
    to_sealed: mail.toSealed ? `\\x${mail.toSealed.toString("hex")}` : null,
    to_hash: mail.toHash ? `\\x${mail.toHash.toString("hex")}` : null,
    data: mail.data,
    state: mail.suppressed === undefined ? "queued" : "suppressed",
    reason: mail.suppressed ?? null,
  }));
  const { rows: added } = await sql<{ id: string }>`
    with added as (
      insert into mails (id, kind, cause, donation_id, reminder_id, locale, discreet, to_sealed, to_hash, data, state, reason, finished_at)
      select id, kind, cause, donation_id, reminder_id, locale, discreet, to_sealed, to_hash, data, state, reason,
        case when state = 'suppressed' then now() end
      from json_populate_recordset(null::mails, ${JSON.stringify(rows)}::json)
      on conflict do nothing
      returning id, state
    )
    select id from added where state = 'queued'
  `.execute(trx);
  const ids = added.map((row) => row.id);
  await addJobs(trx, ids);
  return ids;
}

/** All at once: a call for each job takes twenty times as long. */
async function addJobs(trx: Transaction<DB> | Kysely<DB>, ids: readonly string[]): Promise<void> {
  if (ids.length === 0) return;
  await sql`
    select from graphile_worker.add_jobs(array(
      select row('send_mail', json_build_object('id', id), null, null, 12, 'mail:' || id, null, null)::graphile_worker.job_spec
      from unnest(${ids}::uuid[]) as id
    ))
  `.execute(trx);
}
