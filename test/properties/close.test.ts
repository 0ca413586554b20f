import fc from "fast-check";
import { sql } from "kysely";
import { expect, test } from "vitest";
import { nextMonth } from "../../src/reports/close/months.ts";
import { close, compared, disown, insertMoneyBack, rederive } from "../support/closing.ts";
import { type TestDatabase, testDatabase } from "../support/database.ts";
import { insertGift } from "../support/gifts.ts";
import { type ReportsApp, reportsApp } from "../support/reports-app.ts";
import { seed } from "../support/seed.ts";

/*
 * Whatever becomes known in whatever order while months are closed: a closed month is answered byte for byte as it was, summary and journal, and
 * the sum over all months is what a recount of the ledger says; so an accountant who imported each month when it was closed has it all. RUNS=200 tries so many histories instead of a handful, SEED=N the same ones again.
 */
const RUNS = Number(process.env.RUNS ?? 6);
const LIMIT_MS = 60_000 + RUNS * 10_000;

const MONTHS = ["2026-10", "2026-11", "2026-12", "2027-01", "2027-02"];
const FREQUENCIES = ["once", "monthly", "annual"] as const;
const CURRENCIES = ["EUR", "JPY", "USD"];

type Step =
  | { readonly do: "close" }
  | {
      readonly do: "gift";
      readonly month: number;
      readonly day: number;
      readonly frequency: number;
      readonly currency: number;
      readonly gross: number;
      readonly fee: number;
    }
  | {
      readonly do: "back";
      readonly of: number;
      readonly month: number;
      readonly day: number;
      readonly disputed: boolean;
    }
  | { readonly do: "rederive"; readonly of: number; readonly frequency: number }
  | { readonly do: "disown"; readonly of: number };

const day = fc.integer({ min: 1, max: 28 });
const month = fc.nat(MONTHS.length - 1);
const any = fc.nat(1000);
const steps: fc.Arbitrary<readonly Step[]> = fc.array(
  fc.oneof(
    { weight: 3, arbitrary: fc.record({ do: fc.constant("close" as const) }) },
    {
      weight: 6,
      arbitrary: fc.record({
        do: fc.constant("gift" as const),
        month,
        day,
        frequency: fc.nat(2),
        currency: fc.nat(2),
        gross: fc.integer({ min: 1, max: 1_000_000 }),
        fee: fc.integer({ min: 0, max: 500 }),
      }),
    },
    {
      weight: 3,
      arbitrary: fc.record({ do: fc.constant("back" as const), of: any, month, day, disputed: fc.boolean() }),
    },
    { weight: 2, arbitrary: fc.record({ do: fc.constant("rederive" as const), of: any, frequency: fc.nat(2) }) },
    { weight: 1, arbitrary: fc.record({ do: fc.constant("disown" as const), of: any }) },
  ),
  { minLength: 5, maxLength: 30 },
);

test(
  "the sum over all months is what is counted now, and closed months stay as they were",
  async () => {
    await fc.assert(fc.asyncProperty(steps, staysTrue), { seed, numRuns: RUNS, interruptAfterTimeLimit: LIMIT_MS });
  },
  LIMIT_MS + 30_000,
);

async function staysTrue(history: readonly Step[]): Promise<void> {
  const database = await testDatabase();
  const app = await reportsApp({ db: database.db });
  try {
    await compared(database.db);
    const kept = new Map<string, ReadonlyMap<string, string>>();
    const gifts: string[] = [];
    for (const step of history) {
      await take(database, step, gifts, kept.size);
      if (step.do === "close") await keepClosed(app, kept);
    }
    for (const answers of kept.values()) {
      for (const [path, answer] of answers) expect(await text(app, path), path).toBe(answer);
    }
    for (const interval of ["month", "year"]) expect(await sumOf(app, interval)).toEqual(await recount(database));
    expect(await journalSums(app)).toEqual(await recountJournal(database));
  } finally {
    await app.close();
    await database.drop();
  }
}

async function take({ db }: TestDatabase, step: Step, gifts: string[], closed: number): Promise<void> {
  const at = (one: { readonly month: number; readonly day: number }) =>
    `${MONTHS[one.month]}-${String(one.day).padStart(2, "0")}T12:00:00Z`;
  const some = (of: number) => gifts[of % Math.max(1, gifts.length)];
  switch (step.do) {
    case "close": {
      const next = MONTHS[closed];
      if (next === undefined) return;
      await close(db, next, closed === 0 ? { reason: "What lies before it is no matter here." } : {});
      return;
    }
    case "gift": {
      const { gross, fee } = step;
      const currency = CURRENCIES[step.currency] ?? "";
      const frequency = FREQUENCIES[step.frequency] ?? "once";
      const { payment_id } = await insertGift(db, { at: at(step), frequency, settled: { currency, gross, fee } });
      gifts.push(payment_id);
      return;
    }
    case "back": {
      const payment_id = some(step.of);
      const amount = 1 + step.of;
      if (payment_id === undefined) return;
      await insertMoneyBack(db, {
        payment_id,
        at: at(step),
        ...(step.disputed ? { disputed: amount, fee: 1500 } : { refunded: amount }),
      });
      return;
    }
    case "rederive": {
      const payment = some(step.of);
      if (payment !== undefined) await rederive(db, payment, FREQUENCIES[step.frequency] ?? "once");
      return;
    }
    case "disown": {
      const payment = some(step.of);
      if (payment !== undefined) await disown(db, payment);
      gifts.splice(gifts.indexOf(payment ?? ""), payment === undefined ? 0 : 1);
    }
  }
}

/** What is said of the month that was closed last, to be compared at the end. */
async function keepClosed(app: ReportsApp, kept: Map<string, ReadonlyMap<string, string>>): Promise<void> {
  const month = MONTHS[kept.size];
  if (month === undefined) return;
  const days = `from=${month}-01&to=${nextMonth(month)}-01`;
  const paths = [
    `summary?${days}`,
    `journal.csv?${days}`,
    ...CURRENCIES.map((one) => `journal.csv?${days}&format=xero&currency=${one}`),
  ];
  const answers = new Map<string, string>();
  for (const path of paths) answers.set(`/v1/reports/${path}`, await text(app, `/v1/reports/${path}`));
  kept.set(month, answers);
}

async function text(app: ReportsApp, path: string): Promise<string> {
  const answer = await app.get(path);
  expect(answer.status).toBe(200);
  return await answer.text();
}

type Sums = Readonly<Record<string, readonly number[]>>;

/** Payments, gross, refunded, disputed, fees and net by frequency and currency, zeros left out. */
async function sumOf(app: ReportsApp, interval: string): Promise<Sums> {
  const answer = await text(app, `/v1/reports/summary?from=2020-01-01&to=2030-01-01&interval=${interval}`);
  const sums: Record<string, number[]> = {};
  for (const row of JSON.parse(answer).rows) {
    const key = `${row.frequency} ${row.currency}`;
    const figures = [row.payments, row.gross, row.refunded, row.disputed, row.fees, row.net] as number[];
    sums[key] = figures.map((figure, index) => figure + (sums[key]?.[index] ?? 0));
  }
  return Object.fromEntries(Object.entries(sums).filter(([, figures]) => figures.some((figure) => figure !== 0)));
}

async function recount({ db }: TestDatabase): Promise<Sums> {
  const { rows } = await sql<{ key: string; figures: number[] }>`
    select frequency || ' ' || currency as key,
      json_build_array(count(*) filter (where gross <> 0), sum(gross), sum(refunded), sum(disputed), sum(fee), sum(net)) as figures
    from payment_movements group by frequency, currency
  `.execute(db);
  return Object.fromEntries(rows.map((row) => [row.key, row.figures]));
}

/** Debits less credits by the month that they are about, account and currency, zeros left out; each entry is seen to balance. */
async function journalSums(app: ReportsApp): Promise<Readonly<Record<string, number>>> {
  const lines: JournalLine[] = [];
  let cursor = "";
  do {
    const answer = await text(app, `/v1/reports/journal?from=2020-01-01&to=2030-01-01&limit=7${cursor}`);
    const page = JSON.parse(answer) as { readonly rows: JournalLine[]; readonly next_cursor: string | null };
    lines.push(...page.rows);
    cursor = page.next_cursor === null ? "" : `&cursor=${page.next_cursor}`;
  } while (cursor !== "");
  const sumBy = (key: (line: JournalLine) => string) => {
    const sums: Record<string, number> = {};
    for (const line of lines) sums[key(line)] = (sums[key(line)] ?? 0) + line.debit - line.credit;
    return Object.fromEntries(Object.entries(sums).filter(([, sum]) => sum !== 0));
  };
  expect(sumBy((line) => line.entry)).toEqual({});
  return sumBy((line) => `${line.correction_of ?? line.date.slice(0, 7)} ${line.account} ${line.currency}`);
}

interface JournalLine {
  readonly entry: string;
  readonly date: string;
  readonly correction_of: string | null;
  readonly currency: string;
  readonly account: string;
  readonly debit: number;
  readonly credit: number;
}

async function recountJournal({ db }: TestDatabase): Promise<Readonly<Record<string, number>>> {
  const { rows } = await sql<{ key: string; sum: number }>`
    select concat_ws(' ', to_char(booked_at at time zone 'Europe/Berlin', 'YYYY-MM'), account, currency) as key, sum(amount)::bigint as sum
    from reporting.journal group by 1 having sum(amount) <> 0
  `.execute(db);
  return Object.fromEntries(rows.map((row) => [row.key, row.sum]));
}
