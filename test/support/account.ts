import { sql } from "kysely";
import { expect, onTestFinished } from "vitest";
import { deriveDirty } from "../../src/donations/settle.ts";
import { processInbox } from "../../src/inbox/process.ts";
import { foldDeltas } from "../../src/reports/rollups/fold.queries.ts";
import { rebuildRollups } from "../../src/reports/rollups/rebuild.queries.ts";
import { type AppOptions, startApp, type TestApp } from "./app.ts";
import { give } from "./giving.ts";
import { rollupDifferences } from "./rollups.ts";

export const DAY_MS = 86_400_000;

export type ReportRow = Readonly<Record<string, unknown>>;

export type Account = Awaited<ReturnType<typeof accountOf>>;

/**
 * The whole service beside an account at the simulated Stripe, for one test unless `onEnd` says otherwise: what happens there comes by signed events over HTTP, and what
 * the books make of it is read from the reports. It begins on a tenth of January, so that a story of some months stays within the year.
 */
export async function openAccount(
  options: AppOptions = {},
  onEnd: (close: () => Promise<void>) => void = onTestFinished,
): Promise<Account> {
  const app = await startApp(options);
  onEnd(() => app.close());
  return await accountOf(app);
}

/** To the tenth of next January at noon: stories of renewals go the same way on every day on which they are told. */
export async function toJanuary(app: Pick<TestApp, "standIn" | "clock">): Promise<void> {
  await app.standIn.advance(Date.UTC(app.clock.now().getUTCFullYear() + 1, 0, 10, 12) - +app.clock.now());
}

/** The same of a service that several tests share and somebody else closes. */
export async function accountOf(app: TestApp) {
  await rebuildRollups(app.db, app.deps.newsroom().time_zone);
  await toJanuary(app);
  const authorization = `Bearer ${await app.token()}`;
  const report = async (path: string): Promise<ReportRow[]> => {
    const answer = await fetch(`${app.url}/v1/reports/${path}`, { headers: { authorization } });
    expect(answer.status).toBe(200);
    return ((await answer.json()) as { rows: ReportRow[] }).rows;
  };
  const settle = () => caughtUp(app);
  const donationOf = async (id: string) =>
    await app.db.selectFrom("donations").selectAll().where("id", "=", id).executeTakeFirstOrThrow();

  return {
    app,
    stripe: app.deps.stripe.api,
    settle,
    report,
    donationOf,
    /** A gift that is paid and booked. @returns its donation's id */
    given: async (body: object = {}, donor: Record<string, string> = {}): Promise<string> => {
      const { id } = await give(app, body, donor);
      await settle();
      return id;
    },
    /** Lives on for so many days, and catches up. */
    days: async (days: number): Promise<void> => {
      await app.standIn.advance(days * DAY_MS, { finishDrafts: true });
      await settle();
    },
    /** Stripe's, banks' and donors' doings, and what the books make of them. */
    control: async <Result = { readonly id: string }>(path: string, body: object = {}): Promise<Result> => {
      const done = app.standIn.control("POST", `/${path}`, body);
      if (done === undefined) throw new Error(`The simulated Stripe has no control ${path}.`);
      await settle();
      return done as Result;
    },
    /** Rows of the payments report, the first installment first. */
    payments: async (donationId: string): Promise<ReportRow[]> =>
      (await report(`payments?${EVER}&limit=1000`)).filter((row) => row.donation_id === donationId).reverse(),
    /** What the payments table says beyond the report. */
    paymentRows: async (donationId: string) =>
      await app.db
        .selectFrom("payments")
        .selectAll()
        .where("donation_id", "=", donationId)
        .orderBy("installment")
        .execute(),
    summary: async (interval = "year", period = EVER): Promise<ReportRow[]> =>
      (await report(`summary?${period}&interval=${interval}`)).map(({ period: _, closed, correction_of, ...row }) =>
        interval === "year" ? row : { period: _, ...row },
      ),
    chargeOf: async (donationId: string, installment = 1): Promise<string> => {
      const row = await app.db
        .selectFrom("payments")
        .select("stripe_charge")
        .where("donation_id", "=", donationId)
        .where("installment", "=", installment)
        .executeTakeFirstOrThrow();
      return row.stripe_charge ?? "";
    },
    /** The journal's balances by account, in the settlement currency. */
    journal: async (): Promise<Readonly<Record<string, number>>> => {
      const { rows } = await sql<{ account: string; amount: number }>`
        select account, sum(amount)::bigint as amount from journal_lines group by account having sum(amount) <> 0 order by account
      `.execute(app.db);
      return Object.fromEntries(rows.map((row) => [row.account, row.amount]));
    },
  };
}

export const EVER = "from=2020-01-01&to=2040-01-01";

/** Whatever the story, the journal adds up, and what it calls Stripe's balance is Stripe's balance. */
export async function expectBooksToAddUp({ app }: Pick<Account, "app">): Promise<void> {
  const { rows: open } = await sql`
    select balance_transaction_id from journal_lines group by balance_transaction_id, currency having sum(amount) <> 0
  `.execute(app.db);
  expect(open).toEqual([]);
  const { rows } = await sql<{ currency: string; amount: number }>`
    select currency, sum(amount)::bigint as amount from journal_lines where account = 'stripe_balance' group by currency
  `.execute(app.db);
  const { available, pending } = await app.deps.stripe.api.balance.retrieve();
  const balance = new Map<string, number>(rows.map((row) => [row.currency, 0 - row.amount]));
  for (const { currency, amount } of [...available, ...pending]) {
    balance.set(currency.toUpperCase(), (balance.get(currency.toUpperCase()) ?? 0) + amount);
  }
  expect([...balance].filter(([, amount]) => amount !== 0)).toEqual([]);
  const zone = app.deps.newsroom().time_zone;
  expect(await rollupDifferences(app.db, zone), "before deltas are folded").toEqual([]);
  while ((await foldDeltas(app.db, 3)) > 0);
  expect(await rollupDifferences(app.db, zone), "after deltas are folded").toEqual([]);
}

/** Does all that is due. What is asked for again is asked for as if its pause was over, by Stripe's clock too. */
async function caughtUp(app: TestApp): Promise<void> {
  for (let round = 0; round < 5; round++) {
    await app.standIn.settled();
    let found: number;
    do {
      found = (await processInbox(app.background)) + (await deriveDirty(app.background));
    } while (found > 0);
    const { rows } = await sql`select from refetches where attempts = 0 limit 1`.execute(app.db);
    if (rows.length === 0) break;
    await app.standIn.advance(3000);
    await app.standIn.settled();
    await sql`update refetches set due_at = clock_timestamp() where attempts = 0`.execute(app.db);
    await app.settle();
  }
  await app.settle();
}
