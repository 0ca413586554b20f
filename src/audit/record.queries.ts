import { type Kysely, sql } from "kysely";
import { v7 } from "uuid";
import type { DB } from "../db/schema.ts";
import type { Role } from "../shared/roles.ts";

/** Who did it: a signed-in member of staff, a tool with a token, or whoever may run commands on the server. */
export type Actor =
  | { readonly kind: "staff" | "token"; readonly id: string; readonly role: Role }
  | { readonly kind: "command_line" };

/** `name_read` is every showing of a donor's name or address, `export` every file that leaves. */
export const AUDIT_ACTIONS = [
  "sign_in",
  "sign_out",
  "name_read",
  "donor_search",
  "export",
  "mail_resent",
  "address_corrected",
  "gift_stopped",
  "staff_added",
  "staff_role_changed",
  "staff_removed",
  "staff_listed",
  "token_created",
  "token_revoked",
  "month_closed",
  "receipts_issued",
  "books_healed",
  "backfilled",
] as const;
export type AuditAction = (typeof AUDIT_ACTIONS)[number];

export interface AuditEntry {
  readonly actor: Actor;
  readonly action: AuditAction;
  /** The id of what it was done to, or the path of an export; never a name or an address. */
  readonly subject?: string | null;
  /** Ids, days, states and counts; nothing personal. With a `request` there is one entry for each `outcome` of it. */
  readonly detail?: Readonly<Record<string, string | number | boolean | null>>;
}

/**
 * Writes down what is being done, by the wall clock. Of what only shows something, the entry is committed before any of it is sent; of
 * what changes something, in the same transaction or before. @returns the entry's id
 */
export async function recordAudit(db: Kysely<DB>, entry: AuditEntry): Promise<string> {
  const { actor, action, subject = null, detail = {} } = entry;
  const id = v7();
  const [actorId, role] = actor.kind === "command_line" ? [null, null] : [actor.id, actor.role];
  await sql`
    insert into audit_entries (id, actor_kind, actor_id, role, action, subject, detail)
    values (${id}, ${actor.kind}, ${actorId}, ${role}, ${action}, ${subject}, ${JSON.stringify(detail)})
    on conflict (action, subject, (detail ->> 'request'), (detail ->> 'outcome')) where detail ? 'request' do nothing
  `.execute(db);
  return id;
}
