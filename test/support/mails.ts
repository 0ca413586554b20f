import { randomUUID } from "node:crypto";
import { Logger, runTaskListOnce } from "graphile-worker";
import { type Kysely, sql } from "kysely";
import { expect } from "vitest";
import { poolOf } from "../../src/db/client.ts";
import type { DB } from "../../src/db/schema.ts";
import { inTransaction } from "../../src/db/transaction.ts";
import type { Deps } from "../../src/deps.ts";
import { tasks } from "../../src/jobs.ts";
import { mailId, type NewMail, queueMails } from "../../src/mail/queue.queries.ts";
import { isHeld, type SendOptions } from "../../src/mail/send.ts";
import { emailHash } from "../../src/vault/email-hash.ts";

/** Runs the jobs that are due, one after the other; none while mail is held back. */
export async function sendDueMails(deps: Deps, options: SendOptions = {}): Promise<void> {
  if (isHeld(deps) || !(await anyDue(deps.db))) return;
  const client = await poolOf(deps.db).connect();
  try {
    const settings = { noHandleSignals: true, noPreparedStatements: true, logger: new Logger(() => () => {}) };
    await runTaskListOnce(settings, tasks(deps, options), client).promise;
  } finally {
    client.release();
  }
}

async function anyDue(db: Kysely<DB>): Promise<boolean> {
  const { rows } = await sql`
    select from graphile_worker.jobs where run_at <= clock_timestamp() and locked_at is null and attempts < max_attempts limit 1
  `.execute(db);
  return rows.length > 0;
}

/** Queues a mail to anybody, of the one kind that brings its address along. @returns its id */
export async function queueTo(deps: Deps, email: string, changes: Partial<NewMail> = {}): Promise<string> {
  const cause = changes.cause ?? randomUUID();
  const kind = "manage_link";
  const id = mailId(kind, cause);
  const mail = {
    kind,
    cause,
    data: { expires_at: new Date(Date.now() + 86_400_000).toISOString() },
    toSealed: deps.vault.seal(email, `mails.to_sealed:${id}`),
    toHash: emailHash(deps.vault, email),
    ...changes,
  } as NewMail;
  expect(await inTransaction(deps.db, (trx) => queueMails(trx, [mail]))).toEqual([id]);
  return id;
}

export interface MailState {
  readonly state: string;
  readonly reason: string | null;
  readonly attempts: number;
}

export async function mailState({ db }: Pick<Deps, "db">, id: string): Promise<MailState> {
  const row = await db
    .selectFrom("mails")
    .select(["state", "reason", "attempts"])
    .where("id", "=", id)
    .executeTakeFirst();
  if (row === undefined) throw new Error("There is no such mail.");
  return row;
}

/** What waits for a later time is due now. */
export async function hurryJobs(db: Kysely<DB>): Promise<void> {
  await sql`update graphile_worker._private_jobs set run_at = clock_timestamp() where locked_at is null`.execute(db);
}
