import { createHash, randomBytes } from "node:crypto";
import type { Kysely } from "kysely";
import { validate as isUuid, v7 } from "uuid";
import type { DB } from "../db/schema.ts";
import type { Role } from "../shared/roles.ts";
import { findToken, insertToken, revokeToken as revoke, type StaffToken } from "./tokens.queries.ts";

export const DEFAULT_TOKEN_DAYS = 90;
export const LONGEST_TOKEN_DAYS = 3650;

/** 32 random bytes behind a prefix by which secret scanners and people know what it is. */
const FORM = /^rdt_[A-Za-z0-9_-]{43}$/;

interface NewToken {
  readonly role: Role;
  /** From now, by the database's clock; 90 unless given. */
  readonly days?: number;
}

/** Makes a token for staff. Only its SHA-256 is kept, so this text is shown once and can't be shown again. */
export async function createToken(db: Kysely<DB>, { role, days = DEFAULT_TOKEN_DAYS }: NewToken): Promise<string> {
  if (!Number.isInteger(days) || days < 1 || days > LONGEST_TOKEN_DAYS) {
    throw new RangeError(`A token is valid for 1 to ${LONGEST_TOKEN_DAYS} whole days.`);
  }
  const token = `rdt_${randomBytes(32).toString("base64url")}`;
  await insertToken(db, { id: v7(), hash: hashOf(token), role, days });
  return token;
}

/**
 * Whose token this is; null for one that is malformed, unknown, expired or revoked. Found by its hash, so the time that takes
 * says nothing about the token; a plain hash will do, since nobody can guess 256 random bits.
 */
export async function readToken(db: Kysely<DB>, token: string): Promise<StaffToken | null> {
  return FORM.test(token) ? await findToken(db, hashOf(token)) : null;
}

/** From now on the token opens nothing. @returns its id; null when there is no such token */
export async function revokeToken(db: Kysely<DB>, tokenOrId: string): Promise<string | null> {
  if (FORM.test(tokenOrId)) return await revoke(db, { hash: hashOf(tokenOrId) });
  return isUuid(tokenOrId) ? await revoke(db, { id: tokenOrId }) : null;
}

function hashOf(token: string): Buffer {
  return createHash("sha256").update(token).digest();
}
