import { type Kysely, sql } from "kysely";
import type { DB } from "../db/schema.ts";
import type { Role } from "../shared/roles.ts";
import type { Actor, AuditAction } from "./record.queries.ts";

export interface AuditFilter {
  readonly action?: AuditAction | undefined;
  /** The id of a member of staff or of a token. */
  readonly actor?: string | undefined;
  readonly subject?: string | undefined;
  /** By the wall clock; `to` is exclusive. */
  readonly from?: Date | undefined;
  readonly to?: Date | undefined;
}

export interface AuditRow {
  readonly id: string;
  readonly at: Date;
  readonly actor_kind: Actor["kind"];
  readonly actor_id: string | null;
  readonly role: Role | null;
  readonly action: AuditAction;
  readonly subject: string | null;
  readonly detail: Readonly<Record<string, string | number | boolean | null>>;
}

/** Newest first. @param before the last id of the page before */
export async function listAudit(
  db: Kysely<DB>,
  { action, actor, subject, from, to }: AuditFilter,
  { before, limit }: { readonly before: string | null; readonly limit: number },
): Promise<readonly AuditRow[]> {
  const conditions = [
    sql`true`,
    ...(action === undefined ? [] : [sql`action = ${action}`]),
    ...(actor === undefined ? [] : [sql`actor_id = ${actor}::uuid`]),
    ...(subject === undefined ? [] : [sql`subject = ${subject}`]),
    ...(from === undefined ? [] : [sql`at >= ${from}`]),
    ...(to === undefined ? [] : [sql`at < ${to}`]),
    ...(before === null ? [] : [sql`id < ${before}::uuid`]),
  ];
  const { rows } = await sql<AuditRow>`
    select id, at, actor_kind, actor_id, role, action, subject, detail from audit_entries
    where ${sql.join(conditions, sql` and `)}
    order by id desc limit ${limit}
  `.execute(db);
  return rows;
}
