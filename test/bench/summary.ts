import { sql } from "kysely";
import { readAudience } from "../../src/reports/audience.queries.ts";
import { recurringRows } from "../../src/reports/recurring.ts";
import { checkRollups } from "../../src/reports/rollups/check.queries.ts";
import { foldDeltas } from "../../src/reports/rollups/fold.queries.ts";
import { rebuildRollups } from "../../src/reports/rollups/rebuild.queries.ts";
import { readSummary, recountSummary } from "../../src/reports/summary.queries.ts";
import { type Period, parsePeriod } from "../../src/shared/period.ts";
import { createToken } from "../../src/staff/tokens.ts";
import { applyOnce } from "./apply.ts";
import { insertGiftsOfYears } from "./gifts-of-years.ts";
import { percentile, type Row, round, row, timed } from "./measure.ts";
import type { Stage } from "./stage.ts";

const PAYMENTS = Number(process.env.PAYMENTS ?? 2_000_000);
const ZONE = "Europe/Berlin";
const JOB = `reports on ${PAYMENTS} payments`;

const days = (from: string, to: string): Period => parsePeriod(from, to, ZONE, { from, to });
const MONTH = days("2026-11-01", "2026-12-01");
const YEARS = days("2024-01-01", "2027-01-01");

/** Reports read from rollups against the same figures counted anew, and what keeping them costs those who write. */
export async function summaryRows(stage: Stage): Promise<readonly Row[]> {
  const { db } = stage.deps;
  await insertGiftsOfYears(db, PAYMENTS);
  const made = await timed(() => rebuildRollups(db, ZONE));
  await sql`vacuum analyze`.execute(db);
  const sizes = await sql<{ summary: number; audience: number; bytes: number }>`
    select (select count(*) from summary_rollups) as summary, (select count(*) from audience_rollups) as audience,
      pg_total_relation_size('audience_rollups') as bytes
  `.execute(db);
  const { summary = 0, audience = 0, bytes = 0 } = sizes.rows[0] ?? {};
  const checked = await timed(async () => {
    await checkRollups(db, ZONE, (difference) => {
      throw new Error(`The bench's rollups differ: ${JSON.stringify(difference)}.`);
    });
  });
  return [
    {
      ...row(JOB, "rollups made anew", [made], null),
      against: `${summary} rows of sums, ${audience} of audience (${Math.round(bytes / 2 ** 20)} MiB); checked in ${round(checked / 1000)} s`,
    },
    ...(await readRows(stage)),
    ...(await ingestRows(stage)),
  ];
}

async function readRows(stage: Stage): Promise<readonly Row[]> {
  const { db } = stage.deps;
  const rows: Row[] = [];
  for (const [what, period] of [
    ["summary of one month", MONTH],
    ["summary of three years", YEARS],
  ] as const) {
    const [kept, counted] = [
      await readSummary(db, period, "month", ZONE),
      await recountSummary(db, period, "month", ZONE),
    ];
    if (JSON.stringify(kept) !== JSON.stringify(counted)) throw new Error("The two summaries differ.");
    const fast = await samples(300, () => readSummary(db, period, "month", ZONE));
    const slow = await samples(period === MONTH ? 20 : 5, () => recountSummary(db, period, "month", ZONE));
    const times = round(percentile(slow, 0.5) / percentile(fast, 0.5));
    rows.push(
      row(JOB, `${what}, from rollups`, fast, null, `${times} × as fast as counting anew; aim: 15 ×, at most 50 ms`),
      row(JOB, `${what}, counted anew`, slow, null),
    );
  }
  const audience = (by: "article" | "campaign", period: Period) => () =>
    readAudience(db, { by, period, timeZone: ZONE, after: null, limit: 100 });
  rows.push(
    row(JOB, "audience by article, one month", await samples(30, audience("article", MONTH)), null),
    row(JOB, "audience by article, three years", await samples(5, audience("article", YEARS)), null),
    row(JOB, "audience by campaign, three years", await samples(20, audience("campaign", YEARS)), null),
  );
  const recurring = (year: number) => () => recurringRows(db, { first: year * 12, last: 2026 * 12 + 11 }, ZONE);
  rows.push(
    row(JOB, "recurring gifts, one year", await samples(3, recurring(2026)), null),
    row(JOB, "recurring gifts, three years", await samples(3, recurring(2024)), null),
  );
  return rows;
}

async function samples(count: number, work: () => Promise<unknown>): Promise<readonly number[]> {
  await work();
  const taken: number[] = [];
  for (let index = 0; index < count; index++) taken.push(await timed(work));
  return taken;
}

const ROUNDS = 6;

/** The same nights of renewals, in turn: without the triggers, with them, and with them while reports are read five times a second. */
async function ingestRows(stage: Stage): Promise<readonly Row[]> {
  const ways = {
    "without rollups": async (run: string) => {
      await triggers(stage, "disable");
      const rate = await applyOnce(stage, run);
      await triggers(stage, "enable");
      return rate;
    },
    "with rollups": (run: string) => folding(stage, () => applyOnce(stage, run)),
    "with rollups, reports being read": (run: string) =>
      folding(stage, () => readingReports(stage, () => applyOnce(stage, run))),
  };
  const rates = new Map<string, number[]>(Object.keys(ways).map((name) => [name, []]));
  await applyOnce(stage, "warm");
  for (let round = 0; round < ROUNDS; round++) {
    for (const [name, way] of Object.entries(ways)) rates.get(name)?.push(await way(`${round}${name.length}`));
  }
  const best = (name: string) => percentile(rates.get(name) ?? [], 0.5);
  const [bare, kept] = [best("without rollups"), best("with rollups")];
  const less = (rate: number, base: number) => `${round((1 - rate / base) * 100)} % slower`;
  const against: Record<string, string | null> = {
    "without rollups": null,
    "with rollups": `${less(kept, bare)} than without`,
    "with rollups, reports being read": `${less(best("with rollups, reports being read"), kept)} than while none are; aim: at most 5 %`,
  };
  return [...rates].map(([name, found]) => ({
    job: `events applied beside ${PAYMENTS} payments`,
    what: name,
    median_ms: null,
    p99_ms: null,
    per_second: Math.round(percentile(found, 0.5)),
    against: against[name] ?? null,
  }));
}

async function triggers(stage: Stage, how: "enable" | "disable"): Promise<void> {
  for (const table of ["donations", "payment_movements"]) {
    await sql`alter table ${sql.table(table)} ${sql.raw(how)} trigger user`.execute(stage.deps.db);
  }
}

/** A worker folds meanwhile, as it does in `work`. */
async function folding<Result>(stage: Stage, work: () => Promise<Result>): Promise<Result> {
  return await beside(async () => {
    if ((await foldDeltas(stage.deps.db)) === 0) await pause(1_000);
  }, work);
}

async function readingReports<Result>(stage: Stage, work: () => Promise<Result>): Promise<Result> {
  const token = await createToken(stage.deps.db, { role: "finance" });
  const paths = ["from=2026-11-01&to=2026-12-01", "from=2024-01-01&to=2027-01-01"];
  let asked = 0;
  return await beside(async () => {
    const url = `http://127.0.0.1:${stage.port}/v1/reports/summary?${paths[asked++ % 2]}`;
    const answer = await fetch(url, { headers: { authorization: `Bearer ${token}` } });
    if (answer.status !== 200) throw new Error(`The summary was answered with ${answer.status}.`);
    await answer.arrayBuffer();
    await pause(200);
  }, work);
}

async function beside<Result>(again: () => Promise<void>, work: () => Promise<Result>): Promise<Result> {
  let over = false;
  const running = (async () => {
    while (!over) await again();
  })();
  try {
    return await work();
  } finally {
    over = true;
    await running;
  }
}

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
