import { createHash, createHmac, randomBytes, timingSafeEqual } from "node:crypto";
import type { Kysely, Transaction } from "kysely";
import { v7 } from "uuid";
import type { DB } from "../../db/schema.ts";
import type { Staff } from "../../http/staff.ts";
import { deleteSession, findSession, insertSession, touchSession } from "./sessions.queries.ts";

/** 32 random bytes; a browser's cookie holds them, the database their SHA-256. */
const FORM = /^[A-Za-z0-9_-]{43}$/;

/** A new session; nothing that the browser brought along has a part in it. @returns its secret, for the cookie */
export async function startSession(trx: Transaction<DB>, staffId: string): Promise<string> {
  const secret = newSecret();
  await insertSession(trx, { id: v7(), hash: hashOf(secret), staffId });
  return secret;
}

/** Who is signed in with this secret, in the role of this moment; null when nobody is. */
export async function readSession(db: Kysely<DB>, secret: string | null): Promise<Required<Staff> | null> {
  if (secret === null || !isSecret(secret)) return null;
  const session = await findSession(db, hashOf(secret));
  if (session === null) return null;
  if (session.stale) await touchSession(db, session.id);
  return { id: session.staff_id, role: session.role, kind: "session", csrf: csrfOf(secret) };
}

/** @returns whose session it was; null when there is none */
export async function endSession(db: Kysely<DB>, secret: string | null): Promise<string | null> {
  return secret === null || !isSecret(secret) ? null : await deleteSession(db, hashOf(secret));
}

/** Follows from the session's secret, which no page holds: whoever has the one can't make the other. */
function csrfOf(secret: string): string {
  return createHmac("sha256", secret).update("csrf").digest("base64url");
}

/** In a time that tells nothing. */
export function isSame(one: string, other: unknown): boolean {
  return typeof other === "string" && timingSafeEqual(hashOf(one), hashOf(other));
}

export function isSecret(text: string): boolean {
  return FORM.test(text);
}

export function newSecret(): string {
  return randomBytes(32).toString("base64url");
}

export function hashOf(secret: string): Buffer {
  return createHash("sha256").update(secret).digest();
}
