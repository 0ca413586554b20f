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

/** @returns its id, or null when there is none; one that was revoked before keeps its time */
export async function revokeToken(
  db: Kysely<DB>,
  { id = null, hash = null }: { readonly id?: string | null; readonly hash?: Buffer | null },
): Promise<string | null> {
  const { rows } = await sql<{ id: string }>`
    update staff_tokens set revoked_at = coalesce(revoked_at, clock_timestamp())
    where id = ${id}::uuid or token_hash = ${hash}::bytea
    returning id
  `.execute(db);
  return rows[0]?.id ?? null;
}

export interface TokenListing {
  readonly id: string;
  readonly role: Role;
  readonly created_at: Date;
  readonly expires_at: Date;
  readonly state: "valid" | "expired" | "revoked";
}

export async function listTokens(db: Kysely<DB>): Promise<readonly TokenListing[]> {
  const { rows } = await sql<TokenListing>`
    select id, role, created_at, expires_at,
      case when revoked_at is not null then 'revoked' when expires_at <= clock_timestamp() then 'expired' else 'valid' end as state
    from staff_tokens order by created_at, id
  `.execute(db);
  return rows;
}
