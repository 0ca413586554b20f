import { type Kysely, sql, type Transaction } from "kysely";
import type { DB } from "../../db/schema.ts";

/** How far one list has come in the backfill that begins at `since`. */
export interface Position {
  readonly list: string;
  readonly started_at: Date;
  readonly after_id: string | null;
  readonly done: boolean;
}

export async function readPositions(db: Kysely<DB>, since: Date): Promise<ReadonlyMap<string, Position>> {
  const rows = await db
    .selectFrom("backfill_lists")
    .select(["list", "started_at", "after_id", "done"])
    .where("since", "=", since)
    .execute();
  return new Map(rows.map((row) => [row.list, row]));
}

export async function savePosition(db: Kysely<DB> | Transaction<DB>, since: Date, at: Position): Promise<void> {
  await sql`
    insert into backfill_lists (since, list, started_at, after_id, done)
    values (${since}, ${at.list}, ${at.started_at}, ${at.after_id}, ${at.done})
    on conflict (since, list) do update set started_at = excluded.started_at, after_id = excluded.after_id, done = excluded.done
  `.execute(db);
}

/** The same backfill can be run again from its beginning. */
export async function forgetPositions(db: Kysely<DB>, since: Date): Promise<void> {
  await db.deleteFrom("backfill_lists").where("since", "=", since).execute();
}
