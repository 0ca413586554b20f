import { type Kysely, sql, type Transaction } from "kysely";
import type { DB } from "../../db/schema.ts";
import { SESSION_IDLE_MS, SESSION_LONGEST_MS } from "../../shared/limits.ts";
import type { Role } from "../../shared/roles.ts";

export interface SessionRow {
  readonly id: string;
  readonly staff_id: string;
  /** As of now. */
  readonly role: Role;
  /** Whether its last request lies so far back that it is worth noting this one. */
  readonly stale: boolean;
}

const TOUCH_MS = 60_000;
const BATCH = 1_000;

export async function insertSession(
  trx: Transaction<DB>,
  session: { readonly id: string; readonly hash: Buffer; readonly staffId: string },
): Promise<void> {
  await sql`
    insert into staff_sessions (id, token_hash, staff_id, expires_at)
    values (${session.id}, ${session.hash}, ${session.staffId}, clock_timestamp() + ${SESSION_LONGEST_MS} * interval '1 millisecond')
  `.execute(trx);
  await sql`update staff_members set signed_in_at = clock_timestamp() where id = ${session.staffId}`.execute(trx);
}

/** The session that is still good, by the wall clock, and whose holder is still on the staff. */
export async function findSession(db: Kysely<DB>, hash: Buffer): Promise<SessionRow | null> {
  const { rows } = await sql<SessionRow>`
    select s.id, s.staff_id, m.role, s.seen_at < clock_timestamp() - ${TOUCH_MS} * interval '1 millisecond' as stale
    from staff_sessions s join staff_members m on m.id = s.staff_id
    where s.token_hash = ${hash} and m.removed_at is null and s.expires_at > clock_timestamp()
      and s.seen_at > clock_timestamp() - ${SESSION_IDLE_MS} * interval '1 millisecond'
  `.execute(db);
  return rows[0] ?? null;
}

export async function touchSession(db: Kysely<DB>, id: string): Promise<void> {
  await sql`update staff_sessions set seen_at = clock_timestamp() where id = ${id}`.execute(db);
}

/** @returns whose it was; null when there is none */
export async function deleteSession(db: Kysely<DB>, hash: Buffer): Promise<string | null> {
  const { rows } = await sql<{ staff_id: string }>`
    delete from staff_sessions where token_hash = ${hash} returning staff_id
  `.execute(db);
  return rows[0]?.staff_id ?? null;
}

/** Sessions that are over, and links that ran out a day ago. @returns how many were removed */
export async function forgetSessions(db: Kysely<DB>): Promise<number> {
  const sessions = await sql`
    delete from staff_sessions where id in (
      select id from staff_sessions where expires_at < clock_timestamp()
        or seen_at < clock_timestamp() - ${SESSION_IDLE_MS} * interval '1 millisecond' limit ${BATCH}
    )
  `.execute(db);
  const links = await sql`
    delete from staff_sign_ins where id in (
      select id from staff_sign_ins where expires_at < clock_timestamp() - interval '1 day' limit ${BATCH}
    )
  `.execute(db);
  return Number(sessions.numAffectedRows ?? 0n) + Number(links.numAffectedRows ?? 0n);
}
