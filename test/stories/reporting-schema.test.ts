import { randomBytes } from "node:crypto";
import { sql } from "kysely";
import pg from "pg";
import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import { createDatabase, createPool } from "../../src/db/client.ts";
import { prepareFinanceReader } from "../../src/db/finance-reader.queries.ts";
import { migrateToLatest } from "../../src/db/migrate.ts";
import { type TestDatabase, testDatabase } from "../support/database.ts";
import { dropDatabase, execute, urlOf } from "../support/database-server.ts";
import { insertGift } from "../support/gifts.ts";

const tag = randomBytes(4).toString("hex");
const READER = `bi_tool_${tag}`;
const MIGRATOR = `migrator_${tag}`;
const BARE = `bare_${tag}`;
const ABSENT = `absent_${tag}`;

let database: TestDatabase;
let reader: pg.Client;
beforeAll(async () => {
  database = await testDatabase();
  await insertGift(database.db, { donation: { campaign: "winter-2026" } });
  await execute(database.url, `create role ${READER} login password 'bi' in role finance_reader`);
  reader = new pg.Client({ connectionString: as(database.url, READER, "bi") });
  await reader.connect();
});
afterAll(async () => {
  await reader.end();
  await execute(database.url, `drop role ${READER}`);
  await database.drop();
});

function as(url: string, role: string, password: string): string {
  const address = new URL(url);
  address.username = role;
  address.password = password;
  return address.href;
}

const VIEWS = [
  "balance_transactions",
  "disputes",
  "donations",
  "journal",
  "payments",
  "payout_lines",
  "payouts",
  "summary_by_day",
];

describe("a login that is a member of finance_reader", () => {
  test("may read every view of the schema reporting", async () => {
    const { rows } = await sql<{ name: string }>`
      select table_name as name from information_schema.tables where table_schema = 'reporting' order by table_name
    `.execute(database.db);
    expect(rows.map((row) => row.name)).toEqual(VIEWS);
    for (const view of VIEWS) await reader.query(`select * from reporting.${view}`);
    expect(
      (
        await reader.query(
          "select account, amount from reporting.journal where booked_at > '2026-11-02' order by amount",
        )
      ).rows,
    ).toEqual([
      { account: "gifts_once", amount: "-2500" },
      { account: "payment_fees", amount: "103" },
      { account: "stripe_balance", amount: "2397" },
    ]);
  });

  test("may read no table, nor anything of the job queue", async () => {
    const { rows } = await sql<{ name: string; relation: string }>`
      select relname as name, format('%I.%I', nspname, relname) as relation from pg_class c join pg_namespace n on n.oid = c.relnamespace
      where nspname in ('public', 'graphile_worker') and relkind in ('r', 'p', 'v', 'm', 'S')
    `.execute(database.db);
    expect(rows.map((row) => row.name)).toEqual(
      expect.arrayContaining(["donations", "stripe_customers", "staff_tokens", "mails", "journal_lines"]),
    );
    for (const { relation } of rows) {
      await expect(reader.query(`select * from ${relation}`), relation).rejects.toMatchObject({ code: "42501" });
    }
  });

  test("may write nothing and make nothing", async () => {
    for (const statement of [
      "update reporting.donations set amount = 1",
      "delete from reporting.balance_transactions",
      "create table reporting.mine (id int)",
      "create table public.mine (id int)",
      "create view reporting.mine as select 1",
    ]) {
      await expect(reader.query(statement), statement).rejects.toMatchObject({ code: "42501" });
    }
  });

  test("can't log in as finance_reader itself", async () => {
    const { rows } =
      await sql`select rolcanlogin, rolsuper, rolcreaterole from pg_roles where rolname = 'finance_reader'`.execute(
        database.db,
      );
    expect(rows).toEqual([{ rolcanlogin: false, rolsuper: false, rolcreaterole: false }]);
  });
});

describe("the views", () => {
  test("and all their columns say what they are", async () => {
    const { rows } = await sql<{ name: string }>`
      select c.relname || coalesce('.' || a.attname, '') as name
      from pg_class c join pg_namespace n on n.oid = c.relnamespace
      left join lateral (
        select null::name as attname, 0 as attnum union all select attname, attnum from pg_attribute where attrelid = c.oid and attnum > 0
      ) a on true
      where n.nspname = 'reporting' and c.relkind = 'v' and coalesce(col_description(c.oid, a.attnum), case when a.attnum = 0 then obj_description(c.oid, 'pg_class') end) is null
    `.execute(database.db);
    expect(rows).toEqual([]);
  });

  test("have nothing sealed, hashed or personal", async () => {
    const { rows } = await sql<{ name: string; type: string }>`
      select table_name || '.' || column_name as name, data_type as type from information_schema.columns where table_schema = 'reporting'
    `.execute(database.db);
    expect(
      rows.filter(
        ({ name, type }) => type === "bytea" || /name|email|address|sealed|hash|referrer|customer/.test(name),
      ),
    ).toEqual([]);
  });

  test("have a day's sums in the time zone of who asks", async () => {
    await insertGift(database.db, { at: "2026-10-31T23:30:00Z" });
    const days = async (zone: string) => {
      await reader.query(`set timezone = '${zone}'`);
      return (await reader.query("select day::text, payments from reporting.summary_by_day where day < '2026-11-02'"))
        .rows;
    };
    expect(await days("Europe/Berlin")).toEqual([{ day: "2026-11-01", payments: "1" }]);
    expect(await days("America/New_York")).toEqual([{ day: "2026-10-31", payments: "1" }]);
  });
});

describe("the role finance_reader", () => {
  test("is made once, whoever comes first, and granting again changes nothing", async () => {
    const others = await Promise.all([testDatabase(), testDatabase(), testDatabase()]);
    const made = await Promise.all([...others, database, database].map(({ db }) => prepareFinanceReader(db)));
    expect(made).toEqual([null, null, null, null, null]);
    for (const other of others) await other.drop();
    const { rows } = await sql`select count(*)::int as count from pg_roles where rolname = 'finance_reader'`.execute(
      database.db,
    );
    expect(rows).toEqual([{ count: 1 }]);
  });

  test("whose making is not allowed: the administrator's SQL is told, and the migration goes on", async () => {
    const server = inject("databaseServer").url;
    await execute(server, `create role ${MIGRATOR} login password 'm' nocreaterole`);
    await execute(server, `grant ${MIGRATOR} to current_user`);
    await execute(server, `create database ${BARE} owner ${MIGRATOR}`);
    const db = createDatabase(
      createPool({ url: as(urlOf(server, BARE), MIGRATOR, "m"), max: 2, name: "tests", onError: () => {} }),
    );
    try {
      expect(await migrateToLatest(db)).toContain("0011-reporting");
      // Under a name that this cluster doesn't have.
      expect(await prepareFinanceReader(db, ABSENT)).toMatch(
        `create role ${ABSENT} nologin; grant usage on schema reporting to ${ABSENT}; grant select on all tables in schema reporting to ${ABSENT};`,
      );
      await execute(server, `create role ${ABSENT} nologin`);
      expect(await prepareFinanceReader(db, ABSENT)).toBeNull();
      for (const role of ["finance_reader", ABSENT]) {
        const { rows } = await sql`select has_table_privilege(${role}, 'reporting.payments', 'select') as may`.execute(
          db,
        );
        expect(rows).toEqual([{ may: true }]);
      }
    } finally {
      await db.destroy();
      await dropDatabase(server, BARE);
      await execute(server, `drop role if exists ${ABSENT}, ${MIGRATOR}`);
    }
  });
});
