import fc from "fast-check";
import { type Kysely, sql } from "kysely";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { DB } from "../../src/db/schema.ts";
import { MIRROR_KINDS, type MirrorKindName } from "../../src/mirror/kind.ts";
import { type AnyKind, type AnyRow, mirrorKind } from "../../src/mirror/kinds.ts";
import { isSame, merge } from "../../src/mirror/merge.ts";
import { storeRows } from "../../src/mirror/store.queries.ts";
import { type TestDatabase, testDatabase } from "../support/database.ts";
import { seed } from "../support/seed.ts";

interface Column {
  readonly name: string;
  readonly type: string;
  readonly nullable: boolean;
}

let database: TestDatabase;
const columnsOf = new Map<string, readonly Column[]>();

beforeAll(async () => {
  database = await testDatabase();
  for (const { table } of MIRROR_KINDS.map(kindOf)) columnsOf.set(table, await readColumns(database.db, table));
});
afterAll(() => database.drop());

describe.each(MIRROR_KINDS)("%s", (name) => {
  const kind = kindOf(name);

  test("two snapshots say the same whichever comes first", () => {
    check(fc.property(versions(kind, 2, 2), ([a, b]) => same(kind, both(kind, a, b), both(kind, b, a))));
  });

  test("three snapshots say the same however they are grouped", () => {
    check(
      fc.property(versions(kind, 3, 3), ([a, b, c]) =>
        same(kind, both(kind, both(kind, a, b), c), both(kind, a, both(kind, b, c))),
      ),
    );
  });

  test("a snapshot that comes again changes nothing", () => {
    check(
      fc.property(versions(kind, 2, 2), ([a, b]) => {
        const known = both(kind, a, b);
        for (const again of [a, b, known]) {
          const { row } = merge(kind, known, again as AnyRow);
          same(kind, row, known);
          expect(isSame(kind, known, row)).toBe(true);
        }
      }),
    );
  });

  test("any order and any number of copies fold to one row", () => {
    check(
      fc.property(
        versions(kind, 1, 6).chain((rows) => fc.tuple(fc.constant(rows), arrivals(rows))),
        ([rows, arrived]) => same(kind, fold(kind, arrived), fold(kind, rows)),
      ),
    );
  });

  test("a newer snapshot is never overwritten, a deletion never undone, and a link that is known is never lost", () => {
    check(
      fc.property(versions(kind, 1, 6), (rows) => {
        const result = fold(kind, rows);
        const gone = rows.filter((row) => row.deleted);
        expect(result.deleted).toBe(gone.length > 0);
        const newest = Math.max(...(gone.length > 0 ? gone : rows).map((row) => +row.as_of));
        expect(+result.as_of).toBe(newest);
        if (result.deleted) return;
        for (const link of kind.links) {
          expect(result[link]).toEqual(rows.find((row) => row[link] !== null)?.[link] ?? null);
        }
      }),
    );
  });

  test("two versions of one second ask for another look in any order, and only they do", () => {
    check(
      fc.property(
        versions(kind, 1, 5).chain((rows) => fc.tuple(fc.constant(rows), arrivals(rows))),
        ([rows, arrived]) => {
          const asked = undecided(kind, arrived);
          if (isTied(kind, rows)) expect(asked).toBe(true);
          const moments = new Set(rows.map((row) => `${+row.as_of} ${row.rank}`));
          if (moments.size === rows.length) expect(asked).toBe(false);
        },
      ),
    );
  });

  test("the database holds what the fold says, however the snapshots were split into batches", async () => {
    await checkStored(kind, async (store, batches) => {
      for (const batch of batches) await store(batch);
    });
  });

  test("the database holds what the fold says when two transactions write at once", async () => {
    await checkStored(kind, async (store, batches) => {
      const halves = [0, 1].map((half) => batches.filter((_, index) => index % 2 === half));
      await Promise.all(
        halves.map(async (half) => {
          for (const batch of half) await store(batch);
        }),
      );
    });
  });
});

function kindOf(name: MirrorKindName): AnyKind {
  const kind = mirrorKind(name);
  if (kind === null) throw new Error(`${name} has no mirror.`);
  return kind;
}

function check(property: fc.IProperty<never> | fc.IProperty<unknown>): void {
  fc.assert(property as fc.IProperty<unknown>, { seed, numRuns: 200 });
}

function both(kind: AnyKind, one: AnyRow | undefined, other: AnyRow | undefined): AnyRow {
  return merge(kind, one as AnyRow, other as AnyRow).row;
}

function fold(kind: AnyKind, rows: readonly AnyRow[]): AnyRow {
  return rows.reduce((one, other) => merge(kind, one, other).row);
}

function undecided(kind: AnyKind, rows: readonly AnyRow[]): boolean {
  let asked = false;
  rows.reduce((one, other) => {
    const merged = merge(kind, one, other);
    asked ||= merged.undecided;
    return merged.row;
  });
  return asked;
}

/** Whether the newest, furthest versions differ, so that none of them can be trusted. */
function isTied(kind: AnyKind, rows: readonly AnyRow[]): boolean {
  if (rows.some((row) => row.deleted)) return false;
  const [best] = rows.toSorted((a, b) => +b.as_of - +a.as_of || b.rank - a.rank);
  const tied = rows.filter((row) => +row.as_of === +(best as AnyRow).as_of && row.rank === best?.rank);
  return new Set(tied.map((row) => text(kind, row, kind.links))).size > 1;
}

function same(kind: AnyKind, one: AnyRow, other: AnyRow): void {
  expect(text(kind, one)).toBe(text(kind, other));
}

/** Sealed bytes differ by chance, whatever they say; the hash beside them tells whether it is the same. */
function text(kind: AnyKind, row: AnyRow, without: readonly string[] = []): string {
  const names = Object.keys(row).filter((column) => !kind.sealed.includes(column) && !without.includes(column));
  const plain = (value: unknown) => (Buffer.isBuffer(value) ? value.toString("hex") : value);
  return JSON.stringify(names.sort().map((column) => [column, plain(row[column])]));
}

/** Every row at least once, some more often, in any order. */
function arrivals(rows: readonly AnyRow[]): fc.Arbitrary<AnyRow[]> {
  const all = fc.shuffledSubarray([...rows], { minLength: rows.length, maxLength: rows.length });
  const more = fc.array(fc.constantFrom(...rows), { maxLength: 4 });
  return fc.tuple(more, all, more).map(([before, each, after]) => [...before, ...each, ...after]);
}

/** Versions of one object, from the table's own columns: few values each, so that they often meet. */
function versions(kind: AnyKind, minLength: number, maxLength: number, id = "obj_1"): fc.Arbitrary<AnyRow[]> {
  return fc.array(version(kind, id), { minLength, maxLength });
}

function version(kind: AnyKind, id: string): fc.Arbitrary<AnyRow> {
  const columns = columnsOf.get(kind.table) ?? [];
  const living = fc.record(Object.fromEntries(columns.map((column) => [column.name, sampleOf(kind, column, id)])));
  if (kind.name !== "customer") return living as fc.Arbitrary<AnyRow>;
  const gone = living.map((row) => ({
    ...Object.fromEntries(columns.map((column) => [column.name, null])),
    id,
    as_of: row.as_of,
    rank: 0,
    deleted: true,
  }));
  return fc.oneof({ weight: 5, arbitrary: living }, { weight: 1, arbitrary: gone }) as unknown as fc.Arbitrary<AnyRow>;
}

function sampleOf(kind: AnyKind, column: Column, id: string): fc.Arbitrary<unknown> {
  if (column.name === "id") return fc.constant(id);
  if (column.name === "deleted") return fc.constant(false);
  if (column.name === "as_of")
    return fc.constantFrom(...[0, 1, 1500, 2000].map((ms) => new Date(1_700_000_000_000 + ms)));
  const [one, two] = SAMPLES[column.type] ?? fail(`${kind.table}.${column.name} is of an unknown type.`);
  // Written once: known or not yet, and never another.
  if (kind.links.includes(column.name)) return column.nullable ? fc.constantFrom(null, one) : fc.constant(one);
  if (kind.sealed.includes(column.name)) return fc.uint8Array({ minLength: 4, maxLength: 4 }).map(Buffer.from);
  return column.nullable ? fc.constantFrom(null, one, two) : fc.constantFrom(one, two);
}

const SAMPLES: Readonly<Record<string, readonly [unknown, unknown]>> = {
  text: ["active", "canceled"],
  uuid: ["0190c5d2-3b64-7c61-8a3f-111111111111", "0190c5d2-3b64-7c61-8a3f-222222222222"],
  bigint: [500, 12_345_678_901],
  integer: [1, 2],
  smallint: [0, 1],
  boolean: [false, true],
  bytea: [Buffer.from("one"), Buffer.from("two")],
  ARRAY: [["txn_1"], ["txn_1", "txn_2"]],
  "timestamp with time zone": [new Date("2026-01-01T00:00:00Z"), new Date("2026-02-01T00:00:00Z")],
};

function fail(message: string): never {
  throw new Error(message);
}

async function readColumns(db: Kysely<DB>, table: string): Promise<readonly Column[]> {
  const { rows } = await sql<Column>`
    select column_name as name, data_type as type, is_nullable = 'YES' as nullable
    from information_schema.columns where table_schema = 'public' and table_name = ${table} order by ordinal_position
  `.execute(db);
  return rows;
}

type Store = (batch: readonly AnyRow[]) => Promise<void>;

let runs = 0;

/** Writes generated versions of three objects, with copies, in generated batches, and compares each row with the pure fold. */
async function checkStored(kind: AnyKind, write: (store: Store, batches: AnyRow[][]) => Promise<void>): Promise<void> {
  const objects = ["a", "b", "c"].map((id) => versions(kind, 1, 4, id));
  const split = fc
    .tuple(...objects)
    .chain((rows) => fc.tuple(fc.constant(rows), arrivals(rows.flat()), fc.array(fc.constantFrom(1, 2, 3, 5, 99))));
  await fc.assert(
    fc.asyncProperty(split, async ([rows, arrived, sizes]) => {
      const run = ++runs;
      const named = (row: AnyRow) => ({ ...row, id: `${row.id}${run}` });
      const asked = new Set<string>();
      const batches = cut(arrived.map(named), sizes);
      await write(async (batch) => {
        const stored = await database.db.transaction().execute((trx) => storeRows(trx, kind, batch));
        for (const id of stored.undecided) asked.add(id);
      }, batches);
      for (const versionsOfOne of rows) {
        const expected = fold(kind, versionsOfOne.map(named));
        same(kind, await readRow(kind, expected.id), expected);
        if (isTied(kind, versionsOfOne)) expect(asked).toContain(expected.id);
        else if (batches.length === 1) expect(asked).not.toContain(expected.id);
      }
    }),
    { seed, numRuns: 20, endOnFailure: true },
  );
}

function cut(rows: readonly AnyRow[], sizes: readonly number[]): AnyRow[][] {
  const batches: AnyRow[][] = [];
  let at = 0;
  for (let index = 0; at < rows.length; index++) {
    const size = sizes[index % Math.max(1, sizes.length)] ?? 3;
    batches.push(rows.slice(at, at + size));
    at += size;
  }
  return batches;
}

async function readRow(kind: AnyKind, id: string): Promise<AnyRow> {
  const { rows } = await sql<AnyRow>`select * from ${sql.table(kind.table)} where id = ${id}`.execute(database.db);
  return rows[0] as AnyRow;
}
