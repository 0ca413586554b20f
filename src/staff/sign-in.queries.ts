import { type Kysely, sql, type Transaction } from "kysely";
import type { DB } from "../db/schema.ts";
import { SIGN_IN_LINK_MS } from "../shared/limits.ts";
import type { Role } from "../shared/roles.ts";

interface NewSignIn {
  /** The mail's. */
  readonly id: string;
  readonly staffId: string;
  readonly browserHash: Buffer;
  readonly returnTo: string;
}

/** @returns when it runs out */
export async function insertSignIn(trx: Transaction<DB>, link: NewSignIn): Promise<Date> {
  const { rows } = await sql<{ expires_at: Date }>`
    insert into staff_sign_ins (id, staff_id, browser_hash, return_to, expires_at)
    values (${link.id}, ${link.staffId}, ${link.browserHash}, ${link.returnTo},
      clock_timestamp() + ${SIGN_IN_LINK_MS} * interval '1 millisecond')
    returning expires_at
  `.execute(trx);
  if (rows[0] === undefined) throw new Error("The link was not written down.");
  return rows[0].expires_at;
}

export async function linksOfLastHour(db: Kysely<DB>, staffId: string): Promise<number> {
  const { rows } = await sql<{ count: number }>`
    select count(*) from staff_sign_ins
    where staff_id = ${staffId} and created_at > clock_timestamp() - interval '1 hour'
  `.execute(db);
  return rows[0]?.count ?? 0;
}

export interface SignInRow {
  readonly id: string;
  readonly staff_id: string;
  readonly role: Role;
  readonly browser_hash: Buffer;
  readonly return_to: string;
  readonly used: boolean;
  /** By the wall clock. */
  readonly expired: boolean;
}

/** A link whose addressee is still on the staff. */
export async function findSignIn(db: Kysely<DB>, id: string): Promise<SignInRow | null> {
  const { rows } = await sql<SignInRow>`
    select l.id, l.staff_id, m.role, l.browser_hash, l.return_to, l.used_at is not null as used,
      l.expires_at <= clock_timestamp() as expired
    from staff_sign_ins l join staff_members m on m.id = l.staff_id
    where l.id = ${id} and m.removed_at is null
  `.execute(db);
  return rows[0] ?? null;
}

/**
 * Uses the link up, and holds its addressee so that nobody removes them meanwhile. Whoever presses twice at once is let through one after the
 * other here: what follows writes to the addressee's row, and two that share it would wait for each other.
 * @returns false when somebody else was quicker, or they are gone
 */
export async function takeSignIn(trx: Transaction<DB>, id: string): Promise<boolean> {
  const { rows } = await sql`
    select from staff_members m join staff_sign_ins l on l.staff_id = m.id
    where l.id = ${id} and m.removed_at is null for no key update of m
  `.execute(trx);
  if (rows.length === 0) return false;
  const { numAffectedRows } = await sql`
    update staff_sign_ins set used_at = clock_timestamp()
    where id = ${id} and used_at is null and expires_at > clock_timestamp()
  `.execute(trx);
  return numAffectedRows === 1n;
}
