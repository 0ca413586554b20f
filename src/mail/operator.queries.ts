import { type Kysely, sql } from "kysely";
import type { DB } from "../db/schema.ts";
import { inTransaction } from "../db/transaction.ts";
import { GIVEN_UP } from "./given-up.ts";
import type { MailKind } from "./kinds.ts";
import { addMailJobs } from "./send.queries.ts";

export interface Requeued {
  readonly queued: number;
  /** Those whose address went when they were given up, by kind. */
  readonly lost: Readonly<Record<string, number>>;
}

/**
 * Queues mails again that were given up since then because no attempt got through, whatever stood in the way; not those that a server refused for good.
 * Whether each may still be sent is decided anew when its job comes up.
 */
export async function requeueFailed(
  db: Kysely<DB>,
  { since, kind }: { readonly since: Date; readonly kind: MailKind | null },
): Promise<Requeued> {
  const failed = sql`
    state = 'failed' and finished_at >= ${since} and reason <> all(${Object.values(GIVEN_UP)}::text[])
      and (${kind}::text is null or kind = ${kind})
  `;
  const hasAddress = sql`(donation_id is not null or kind = 'reminder_confirm')`;
  return await inTransaction(db, async (trx) => {
    const { rows } = await sql<{ id: string }>`
      update mails set state = 'queued', reason = null, finished_at = null, attempts = 0, outages = 0, outage_since = null,
        look_at = clock_timestamp() + interval '30 seconds'
      where ${failed} and ${hasAddress}
      returning id
    `.execute(trx);
    await addMailJobs(
      trx,
      rows.map(({ id }) => id),
    );
    const { rows: lost } = await sql<{ kind: string; count: number }>`
      select kind, count(*) from mails where ${failed} and not ${hasAddress} group by kind order by kind
    `.execute(trx);
    return { queued: rows.length, lost: Object.fromEntries(lost.map((each) => [each.kind, each.count])) };
  });
}

/** Addresses that were marked since then as such where nobody is get mail again. @returns how many */
export async function unmarkBounced(db: Kysely<DB>, since: Date): Promise<number> {
  const { numAffectedRows = 0n } = await sql`
    update mail_addresses set bounced_at = null, bounce_code = null where bounced_at >= ${since}
  `.execute(db);
  return Number(numAffectedRows);
}
