import { type Kysely, sql } from "kysely";
import type { DB } from "../db/schema.ts";
import type { Role } from "../shared/roles.ts";

export interface StaffToken {
  readonly id: string;
  readonly role: Role;
}

interface TokenRow extends StaffToken {
  readonly hash: Buffer;
  readonly days: number;
}

export async function insertToken(db: Kysely<DB>, token: TokenRow): Promise<void> {
  await sql`
    insert into staff_tokens (id, token_hash, role, expires_at)
    values (${token.id}, ${token.hash}, ${token.role}, clock_timestamp() + make_interval(days => ${token.days}))
  `.execute(db);
}

/** Expiry is of the wall clock, whatever product time the sandbox has been moved to. */
export async function findToken(db: Kysely<DB>, hash: Buffer): Promise<StaffToken | null> {
  const { rows } = await sql<StaffToken>`
    select id, role from staff_tokens
    where token_hash = ${hash} and revoked_at is null and expires_at > clock_timestamp()
  `.execute(db);
  return rows[0] ?? null;
}
