import { randomBytes } from "node:crypto";
import { Logger, run, runOnce, type TaskList } from "graphile-worker";
import { sql } from "kysely";
import type pg from "pg";
import { v7 } from "uuid";
import { createDatabase, createPool } from "../../src/db/client.ts";
import { sendDueReminders } from "../../src/reminders/due.ts";
import { emailHash } from "../../src/vault/email-hash.ts";
import { percentile, type Row, round } from "./measure.ts";
import { printBroken, type Stage } from "./stage.ts";

const PENDING = 1_000_000;
const DUE = 100_000;
/** Of the same job, as graphile-worker takes one at a time. */
const DUE_JOBS = 10_000;
const WORKERS = 4;
const POLLS = 200;
const BASELINE_TASK = "bench_reminder";
const LEAST = 50;

/** Reminders that wait, and those that are due, beside the same as jobs in graphile-worker's own table. */
export async function reminderRows(stage: Stage): Promise<readonly Row[]> {
  const { db } = stage.deps;
  const bytes = await fillPending(stage);
  const bytesOfJob = await fillJobs(stage);
  const ours = await explainPoll(stage, (pool) => pollOurs(stage, pool));
  const theirs = await explainPoll(stage, pollTheirs);
  const claimed = await claimAll(stage);
  const worked = await workAll(stage);
  await sql`truncate reminders, mails, graphile_worker._private_jobs, bench_mails`.execute(db);
  const ratio = Math.round(theirs.blocks / ours.blocks);
  return [
    {
      job: `a poll of ${PENDING.toLocaleString("en")} that wait, none due`,
      what: "graphile-worker's own table and query",
      ...theirs.times,
      against: `${theirs.blocks} shared blocks; ${bytesOfJob} bytes a job`,
    },
    {
      job: `a poll of ${PENDING.toLocaleString("en")} that wait, none due`,
      what: "reminders",
      ...ours.times,
      against: `${ours.blocks} shared blocks (aim: 10), ${ratio} times fewer (aim: ${LEAST}); ${bytes} bytes a reminder`,
    },
    {
      job: `due at once, ${WORKERS} workers`,
      what: `graphile-worker: ${DUE_JOBS.toLocaleString("en")} jobs, one at a time, a row inserted by each`,
      median_ms: null,
      p99_ms: null,
      per_second: worked.perSecond,
      against: `${worked.duplicates} duplicates`,
    },
    {
      job: `due at once, ${WORKERS} workers`,
      what: `reminders: ${DUE.toLocaleString("en")}, each with its mail and its job`,
      median_ms: null,
      p99_ms: null,
      per_second: claimed.perSecond,
      against: `${claimed.duplicates} duplicates; ${round(claimed.perSecond / worked.perSecond)} times as many`,
    },
  ];
}

/** As they stand in the table: an address sealed and hashed, an article, a due time within a year. @returns bytes of each, indexes included */
async function fillPending({ deps }: Stage): Promise<number> {
  await sql`
    insert into reminders (id, channel, state, due_on, due_at, time_zone, lead_days, address_sealed, address_hash, locale, frequency, amount,
      currency, article_id, article_url, campaign, placement, created_at)
    select gen_random_uuid(), 'email', 'pending', (now() + n * interval '30 seconds' + interval '1 day')::date,
      now() + n * interval '30 seconds' + interval '1 day', 'Europe/Berlin', 30,
      sha256(convert_to('a' || n, 'utf8')) || sha256(convert_to('b' || n, 'utf8')), sha256(convert_to('c' || n, 'utf8')), 'en', 'monthly', 1000, 'EUR',
      'article-' || n % 5000, 'https://www.example.org/news/article-' || n % 5000, 'winter-2026', 'article_end', now()
    from generate_series(1, ${PENDING}) as n
  `.execute(deps.db);
  return await bytesEach(deps.db, "reminders");
}

async function fillJobs({ deps }: Stage): Promise<number> {
  await sql`
    insert into graphile_worker._private_tasks (identifier) values (${BASELINE_TASK}) on conflict do nothing
  `.execute(deps.db);
  await sql`
    insert into graphile_worker._private_jobs (task_id, payload, run_at)
    select t.id, json_build_object('id', gen_random_uuid()), now() + n * interval '30 seconds' + interval '1 day'
    from graphile_worker._private_tasks t, generate_series(1, ${PENDING}) as n where t.identifier = ${BASELINE_TASK}
  `.execute(deps.db);
  return await bytesEach(deps.db, "graphile_worker._private_jobs");
}

async function bytesEach(db: Stage["deps"]["db"], table: string): Promise<number> {
  await sql`vacuum analyze ${sql.table(table)}`.execute(db);
  const { rows } = await sql<{ bytes: number }>`select pg_total_relation_size(${table}) as bytes`.execute(db);
  return Math.round((rows[0]?.bytes ?? 0) / PENDING);
}

interface Statement {
  readonly text: string;
  readonly values: readonly unknown[];
}

/** The claiming statement as it is really sent, explained again and again. */
async function explainPoll(stage: Stage, poll: (pool: pg.Pool) => Promise<unknown>) {
  const pool = createPool({ url: stage.databaseUrl, max: 2, name: "bench poll", onError: printBroken });
  const sent: Statement[] = [];
  pool.on("connect", (client) => {
    const query = client.query.bind(client) as (...args: unknown[]) => unknown;
    client.query = ((first: string | Statement, values?: unknown[], ...rest: unknown[]) => {
      const text = typeof first === "string" ? first : first.text;
      const given = typeof first === "string" ? (values ?? []) : first.values;
      if (/skip\s+locked/.test(text) && Array.isArray(given)) sent.push({ text, values: given });
      return query(first, values, ...rest);
    }) as typeof client.query;
  });
  await poll(pool);
  const [statement] = sent;
  if (statement === undefined) throw new Error("Nothing was claimed.");
  const times: number[] = [];
  let blocks = 0;
  const client = await pool.connect();
  for (let turn = 0; turn < POLLS + 5; turn++) {
    await client.query("begin");
    const { rows } = await client.query<{ "QUERY PLAN": readonly Plan[] }>(
      `explain (analyze, buffers, format json) ${statement.text}`,
      [...statement.values],
    );
    await client.query("rollback");
    const [plan] = rows[0]?.["QUERY PLAN"] ?? [];
    if (plan === undefined || turn < 5) continue;
    times.push(plan["Execution Time"]);
    blocks = Math.max(blocks, plan.Plan["Shared Hit Blocks"] + plan.Plan["Shared Read Blocks"]);
  }
  client.release();
  await pool.end();
  return {
    blocks,
    times: { median_ms: round(percentile(times, 0.5)), p99_ms: round(percentile(times, 0.99)), per_second: null },
  };
}

interface Plan {
  readonly Plan: { readonly "Shared Hit Blocks": number; readonly "Shared Read Blocks": number };
  readonly "Execution Time": number;
}

async function pollOurs({ deps }: Stage, pool: pg.Pool): Promise<void> {
  if ((await sendDueReminders({ ...deps, db: createDatabase(pool) })) > 0) throw new Error("Something was due.");
}

async function pollTheirs(pool: pg.Pool): Promise<void> {
  await runOnce({ pgPool: pool, logger: new Logger(() => () => {}), noPreparedStatements: true }, {
    [BASELINE_TASK]: () => {
      throw new Error("Something was due.");
    },
  } as TaskList);
}

/** Where it is early afternoon now. */
function zoneByDay(): string {
  const hours = new Date().getUTCHours() - 14;
  return `Etc/GMT${hours < 0 ? "" : "+"}${hours}`;
}

async function claimAll(stage: Stage) {
  const { db, vault } = stage.deps;
  const zone = zoneByDay();
  for (let at = 0; at < DUE; at += 5_000) {
    const rows = Array.from({ length: 5_000 }, (_, index) => {
      const id = v7();
      const email = `due${at + index}@example.org`;
      const sealed = vault.seal(email, `reminders.address_sealed:${id}`);
      return { id, hash: `\\x${emailHash(vault, email).toString("hex")}`, sealed: `\\x${sealed.toString("hex")}` };
    });
    await sql`
      insert into reminders (id, channel, state, due_on, due_at, time_zone, lead_days, address_sealed, address_hash, locale, created_at)
      select id, 'email', 'pending', now()::date, now() - interval '1 minute', ${zone}, 30, sealed, hash, 'en', now() - interval '30 days'
      from json_to_recordset(${JSON.stringify(rows)}::json) as r (id uuid, hash bytea, sealed bytea)
    `.execute(db);
  }
  await sql`vacuum analyze reminders`.execute(db);
  const pools = Array.from({ length: WORKERS }, () =>
    createDatabase(createPool({ url: stage.databaseUrl, max: 1, name: "bench worker", onError: printBroken })),
  );
  const startedAt = performance.now();
  await Promise.all(
    pools.map(async (own) => {
      while ((await sendDueReminders({ ...stage.deps, db: own })) > 0);
    }),
  );
  const seconds = (performance.now() - startedAt) / 1000;
  await Promise.all(pools.map((own) => own.destroy()));
  const { rows } = await sql<{ mails: number; reminders: number; jobs: number }>`
    select (select count(*) from mails) as mails, (select count(distinct reminder_id) from mails) as reminders,
      (select count(*) from graphile_worker.jobs where task_identifier = 'send_mail') as jobs
  `.execute(db);
  const found = rows[0];
  if (found?.reminders !== DUE || found.jobs !== DUE) throw new Error("Not every reminder was queued.");
  return { perSecond: Math.round(DUE / seconds), duplicates: found.mails - found.reminders };
}

/** The least that such a job can do: one row of its own. */
async function workAll(stage: Stage) {
  const { db } = stage.deps;
  await sql`create table bench_mails (id uuid not null)`.execute(db);
  // The mails' own jobs would be in its way.
  await sql`delete from graphile_worker._private_jobs where run_at <= now()`.execute(db);
  await sql`
    insert into graphile_worker._private_jobs (task_id, payload)
    select t.id, json_build_object('id', gen_random_uuid())
    from graphile_worker._private_tasks t, generate_series(1, ${DUE_JOBS}) where t.identifier = ${BASELINE_TASK}
  `.execute(db);
  await sql`vacuum analyze graphile_worker._private_jobs`.execute(db);
  let done = 0;
  const { promise: finished, resolve } = Promise.withResolvers<void>();
  const taskList = {
    [BASELINE_TASK]: async (payload, helpers) => {
      await helpers.query("insert into bench_mails values ($1)", [(payload as { id: string }).id]);
      done += 1;
      if (done === DUE_JOBS) resolve();
    },
  } as TaskList;
  const pools = Array.from({ length: WORKERS }, () =>
    createPool({
      url: stage.databaseUrl,
      max: 3,
      name: `bench ${randomBytes(2).toString("hex")}`,
      onError: printBroken,
    }),
  );
  const startedAt = performance.now();
  const runners = await Promise.all(
    pools.map((pgPool) =>
      run({
        pgPool,
        taskList,
        concurrency: 1,
        noHandleSignals: true,
        noPreparedStatements: true,
        logger: new Logger(() => () => {}),
      }),
    ),
  );
  await finished;
  const seconds = (performance.now() - startedAt) / 1000;
  await Promise.all(runners.map((runner) => runner.stop()));
  await Promise.all(pools.map((pool) => pool.end()));
  const { rows } = await sql<{ all: number; different: number }>`
    select count(*) as all, count(distinct id) as different from bench_mails
  `.execute(db);
  return { perSecond: Math.round(DUE_JOBS / seconds), duplicates: (rows[0]?.all ?? 0) - (rows[0]?.different ?? 0) };
}
