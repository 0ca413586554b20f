import { type Kysely, sql, type Transaction } from "kysely";
import type { DB } from "../db/schema.ts";
import type { Role } from "../shared/roles.ts";

export interface Member {
  readonly id: string;
  readonly role: Role;
  readonly removed_at: Date | null;
}

/** Holds the row to the end of the transaction, so that of two changes one comes first. */
export async function lockMember(
  trx: Transaction<DB>,
  { id = null, hash = null }: { readonly id?: string | null; readonly hash?: Buffer | null },
): Promise<Member | null> {
  const { rows } = await sql<Member>`
    select id, role, removed_at from staff_members where id = ${id}::uuid or address_hash = ${hash}::bytea for update
  `.execute(trx);
  return rows[0] ?? null;
}

interface NewMember {
  readonly id: string;
  readonly role: Role;
  readonly addressHash: Buffer;
  readonly addressSealed: Buffer;
}

/** @returns false when somebody else has just added the address */
export async function insertMember(trx: Transaction<DB>, member: NewMember): Promise<boolean> {
  const { numAffectedRows } = await sql`
    insert into staff_members (id, role, address_hash, address_sealed)
    values (${member.id}, ${member.role}, ${member.addressHash}, ${member.addressSealed})
    on conflict (address_hash) do nothing
  `.execute(trx);
  return numAffectedRows === 1n;
}

/** From now on in this role, whether the member was there or had been removed. */
export async function setRole(trx: Transaction<DB>, id: string, role: Role): Promise<void> {
  await sql`update staff_members set role = ${role}, removed_at = null where id = ${id}`.execute(trx);
}

/** Ends sessions and links with it. */
export async function markRemoved(trx: Transaction<DB>, id: string): Promise<void> {
  await sql`update staff_members set removed_at = clock_timestamp() where id = ${id}`.execute(trx);
  await sql`delete from staff_sessions where staff_id = ${id}`.execute(trx);
  await sql`delete from staff_sign_ins where staff_id = ${id}`.execute(trx);
}

/** A member who may sign in. */
export async function findActive(
  db: Kysely<DB>,
  addressHash: Buffer,
): Promise<{ readonly id: string; readonly address_sealed: Buffer } | null> {
  const { rows } = await sql<{ id: string; address_sealed: Buffer }>`
    select id, address_sealed from staff_members where address_hash = ${addressHash} and removed_at is null
  `.execute(db);
  return rows[0] ?? null;
}

export interface MemberListing extends Member {
  readonly created_at: Date;
  readonly signed_in_at: Date | null;
  readonly address_sealed: Buffer;
}

export async function listMembers(db: Kysely<DB>): Promise<readonly MemberListing[]> {
  const { rows } = await sql<MemberListing>`
    select id, role, removed_at, created_at, signed_in_at, address_sealed from staff_members order by created_at, id
  `.execute(db);
  return rows;
}
