import { type Kysely, sql, type Transaction } from "kysely";
import type { DB } from "../../db/schema.ts";
import { MIRROR_KINDS } from "../../mirror/kind.ts";
import { knownKind } from "../../mirror/kinds.ts";
import type { Spool } from "./spool.ts";

const TABLES: readonly string[] = [...MIRROR_KINDS.map((name) => knownKind(name).table), "balance_transactions"];

/**
 * Shows `work` the books as they would be with the spooled rows: temporary views under the tables' own names, which Postgres finds first. No
 * row is locked or written, and all of it is gone with the transaction, which is always rolled back.
 */
export async function withShadow<T>(
  db: Kysely<DB>,
  spool: Spool,
  work: (trx: Transaction<DB>) => Promise<T>,
): Promise<T> {
  let result: { readonly value: T } | null = null;
  const undo = new Undo();
  try {
    await db.transaction().execute(async (trx) => {
      await makeTables(trx);
      for await (const { table, rows } of spool.chunks()) await load(trx, table, rows);
      await makeViews(trx);
      result = { value: await work(trx) };
      throw undo;
    });
  } catch (error) {
    if (error !== undo) throw error;
  }
  return ((result as { readonly value: T } | null) ?? never()).value;
}

class Undo extends Error {}

function never(): never {
  throw new Error("The dry run gave no result.");
}

async function makeTables(trx: Transaction<DB>): Promise<void> {
  for (const table of TABLES) {
    await sql`
      create temporary table ${sql.table(shadowOf(table))} (like ${sql.table(table)} including defaults including indexes) on commit drop
    `.execute(trx);
  }
  await sql`create temporary table shadow_donations (id uuid primary key) on commit drop`.execute(trx);
}

/** Of several versions of one row the newest holds. All rows of a table have the same columns. */
async function load(trx: Transaction<DB>, table: string, rows: readonly string[]): Promise<void> {
  const shadow = sql.table(shadowOf(table));
  const isLedger = table === "balance_transactions";
  const columns = Object.keys(JSON.parse(rows[0] ?? "{}"));
  const list = (prefix: string) => sql.join(columns.map((column) => sql.ref(`${prefix}.${column}`)));
  const names = sql.join(columns.map((column) => sql.ref(column)));
  await sql`
    insert into ${shadow} as s (${names})
    select distinct on (p.id) ${list("p")}
    from unnest(${rows}::jsonb[]) as r (row), jsonb_populate_record(null::${shadow}, r.row) as p
    order by p.id ${isLedger ? sql`` : sql`, p.as_of desc`}
    on conflict (id) do ${isLedger ? sql`nothing` : sql`update set (${names}) = row(${list("excluded")}) where s.as_of < excluded.as_of`}
  `.execute(trx);
}

async function makeViews(trx: Transaction<DB>): Promise<void> {
  const { rows } = await sql<{ schema: string }>`select current_schema() as schema`.execute(trx);
  const schema = rows[0]?.schema ?? "public";
  for (const table of TABLES) {
    const shadow = sql.table(shadowOf(table));
    await sql`analyze ${shadow}`.execute(trx);
    await sql`
      create temporary view ${sql.table(table)} as
        select * from ${sql.id(schema, table)} as real where not exists (select from ${shadow} as s where s.id = real.id)
        union all select * from ${shadow}
    `.execute(trx);
  }
}

function shadowOf(table: string): string {
  return `shadow_${table}`;
}

export interface ShadowMark {
  readonly kind: string;
  readonly object_id: string;
}

/** What deriving would be marked for, behind `after`. */
export async function shadowMarks(
  trx: Transaction<DB>,
  kind: string,
  after: string,
  limit: number,
): Promise<readonly ShadowMark[]> {
  const { rows } = await sql<ShadowMark>`
    select ${kind}::text as kind, id as object_id from ${sql.table(shadowOf(knownKind(kind as never).table))}
    where id > ${after} order by id limit ${limit}
  `.execute(trx);
  return rows;
}

/** The sources of balance transactions that the ledger would gain, behind `after`. */
export async function shadowSources(trx: Transaction<DB>, after: string, limit: number): Promise<readonly string[]> {
  const { rows } = await sql<{ id: string }>`
    select distinct source_id as id from shadow_balance_transactions where source_id > ${after} order by 1 limit ${limit}
  `.execute(trx);
  return rows.map((row) => row.id);
}

export async function noteDonations(trx: Transaction<DB>, ids: readonly string[]): Promise<void> {
  await sql`insert into shadow_donations select unnest(${ids}::uuid[]) on conflict do nothing`.execute(trx);
}

export async function notedDonations(
  trx: Transaction<DB>,
  after: string | null,
  limit: number,
): Promise<readonly string[]> {
  const { rows } = await sql<{ id: string }>`
    select id from shadow_donations where ${after}::uuid is null or id > ${after}::uuid order by id limit ${limit}
  `.execute(trx);
  return rows.map((row) => row.id);
}
