import { sql } from "kysely";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { checkBooks } from "../../src/donations/rebuild.ts";
import { backfill } from "../../src/ledger/backfill/backfill.ts";
import { reconcile } from "../../src/ledger/reconcile/reconcile.ts";
import { feeSchedule } from "../../src/newsroom.ts";
import { makeSampleData } from "../../src/sandbox/sample/make.ts";
import { SetupError } from "../../src/shared/errors.ts";
import { feeOn } from "../../src/shared/fees.ts";
import { startApp, type TestApp } from "../support/app.ts";
import { writersOf } from "../support/books.ts";
import { give } from "../support/giving.ts";
import { sampleRows } from "../support/sample.ts";

const PAYMENTS = 3_000;
const SET = { payments: PAYMENTS, seed: 7 };
/** Fixed, so that the figures are the same on every day. */
const until = new Date("2026-11-05T12:00:00Z");

let app: TestApp;
beforeAll(async () => {
  app = await startApp();
  const made = await makeSampleData({ ...app.deps, now: () => until }, SET);
  expect(made).toMatchObject({ isNew: true, set: { until: until.toISOString() } });
}, 60_000);
afterAll(() => app.close());

async function ask<Row>(query: ReturnType<typeof sql>): Promise<readonly Row[]> {
  return (await query.execute(app.db)).rows as Row[];
}

async function report(path: string): Promise<Record<string, unknown>[]> {
  const answer = await fetch(`${app.url}/v1/reports/${path}`, {
    headers: { authorization: `Bearer ${await app.token()}` },
  });
  expect(answer.status).toBe(200);
  return ((await answer.json()) as { rows: Record<string, unknown>[] }).rows;
}

const ALL_YEARS = "from=2000-01-01&to=2100-01-01";

describe("the books", () => {
  test("hold as many payments as were asked for, and deriving them anew changes nothing", async () => {
    expect(await ask(sql`select count(*) from payments`)).toEqual([{ count: PAYMENTS }]);
    expect(await ask(sql`select from dirty_objects`)).toEqual([]);
    const differences: unknown[] = [];
    const looked = await checkBooks(app.deps, (difference) => differences.push(difference));
    expect(differences).toEqual([]);
    expect(looked).toBeGreaterThan(PAYMENTS / 5);
  });

  test("lie in order of time, as those that live through it do", async () => {
    const stats = await ask<{ tablename: string; correlation: number }>(sql`
      select tablename, correlation from pg_stats
      where (tablename, attname) in (('payments', 'booked_at'), ('payment_movements', 'booked_at'), ('balance_transactions', 'created'))
    `);
    expect(stats).toHaveLength(3);
    expect(stats.filter(({ correlation }) => Math.abs(correlation) < 0.99)).toEqual([]);
  });

  test("hold nothing later than product time, and three years of it", async () => {
    const [{ first, last } = { first: until, last: until }] = await ask<{ first: Date; last: Date }>(
      sql`select min(created) as first, max(created) as last from balance_transactions`,
    );
    expect(+last).toBeLessThanOrEqual(+until);
    expect(+until - +last).toBeLessThan(4 * 86_400_000);
    expect(+until - +first).toBeGreaterThan(1_050 * 86_400_000);
    for (const table of ["stripe_charges", "stripe_invoices", "stripe_refunds", "stripe_disputes", "stripe_payouts"]) {
      const late = await ask(sql`select id from ${sql.table(table)} where created > ${until} or as_of > ${until}`);
      expect(late, table).toEqual([]);
    }
  });

  test("add up: all that moved in a currency has gone out or is in the balance", async () => {
    const rows = await ask<Record<string, number>>(sql`
      select b.currency, sum(b.net)::bigint as balance,
        (sum(b.net) filter (where b.reporting_category not like 'payout%'))::bigint as moved,
        (select sum(p.amount)::bigint from stripe_payouts p where p.currency = b.currency and p.status <> 'failed') as paid_out,
        (sum(b.net) filter (where b.type <> 'payout' and not exists (select from payout_lines l where l.balance_transaction_id = b.id)))::bigint as waiting
      from balance_transactions b group by b.currency order by b.currency
    `);
    expect(rows.map((row) => row.currency)).toEqual(["EUR", "USD"]);
    for (const row of rows) {
      expect(row.moved).toBe((row.paid_out ?? 0) + (row.balance ?? 0));
      expect(row.waiting).toBe(row.balance);
    }
  });

  test("each payout is the sum of its lines, and no line is in two", async () => {
    const payouts = await ask<{ amount: number; lines: number; status: string }>(sql`
      select p.amount, p.status, sum(b.net)::bigint as lines
      from stripe_payouts p join payout_lines l on l.payout_id = p.id join balance_transactions b on b.id = l.balance_transaction_id
      where b.currency = p.currency group by p.id
    `);
    expect(payouts.length).toBeGreaterThan(100);
    expect(payouts.filter((row) => row.lines !== row.amount)).toEqual([]);
    expect(await ask(sql`select count(*) from stripe_payouts`)).toEqual([{ count: payouts.length }]);
    const twice = sql`select from payout_lines group by balance_transaction_id having count(*) > 1`;
    expect(await ask(twice)).toEqual([]);
  });

  test("give back no more of a payment than was taken, and take the newsroom's own fees", async () => {
    const refunds = await ask<{ left: number }>(sql`
      select c.amount_captured - sum(r.amount) filter (where r.status <> 'failed') as left
      from stripe_charges c join stripe_refunds r on r.charge_id = c.id group by c.id
    `);
    expect(refunds.length).toBeGreaterThan(10);
    expect(refunds.filter((row) => row.left < 0)).toEqual([]);
    expect(await ask(sql`select id from payments where refunded + disputed > amount`)).toEqual([]);
    const charges = await ask<{ amount: number; fee: number; currency: string }>(
      sql`select amount, fee, currency from balance_transactions where reporting_category = 'charge'`,
    );
    for (const { amount, fee, currency } of charges) {
      const schedule = feeSchedule(app.deps.newsroom(), currency);
      expect(fee).toBe(schedule === null ? null : feeOn(amount, schedule));
    }
  });

  test("hold every kind of story that an accountant may want to see", async () => {
    const kinds = async (query: ReturnType<typeof sql>) =>
      (await ask<{ kind: string }>(query)).map(({ kind }) => kind).sort();
    expect(await kinds(sql`select distinct status as kind from payments`)).toEqual(
      expect.arrayContaining(["failed", "paid"]),
    );
    expect(await kinds(sql`select distinct frequency as kind from payments`)).toEqual(["annual", "monthly", "once"]);
    expect(await kinds(sql`select distinct status as kind from donations`)).toEqual(
      expect.arrayContaining(["expired", "paid"]),
    );
    expect(await kinds(sql`select distinct status as kind from stripe_disputes`)).toEqual(
      expect.arrayContaining(["lost", "won"]),
    );
    expect(await kinds(sql`select distinct status as kind from stripe_refunds`)).toContain("succeeded");
    expect(
      await kinds(sql`select distinct cancellation_reason as kind from stripe_subscriptions where status = 'canceled'`),
    ).toEqual(["cancellation_requested", "payment_failed"]);
    const recovered = sql`select from stripe_invoices where status = 'paid' and attempt_count > 1`;
    expect((await ask(recovered)).length).toBeGreaterThan(3);
    const partly = sql`select from payments where refunded between 1 and amount - 1`;
    expect((await ask(partly)).length).toBeGreaterThan(0);
    const converted = await ask<{ amount: number; settled_gross: number; exchange_rate: string; digits: number }>(
      sql`select amount, settled_gross, exchange_rate from payments where currency = 'GBP' and settled_gross is not null`,
    );
    expect(converted.length).toBeGreaterThan(20);
    for (const { amount, settled_gross, exchange_rate } of converted) {
      expect(Math.abs(amount * Number(exchange_rate) - settled_gross)).toBeLessThanOrEqual(0.5001);
    }
  });

  test("name nobody: addresses of example domains, sealed; nobody gets a mail", async () => {
    const customers = await ask<{ id: string; email_sealed: Buffer; name_sealed: Buffer }>(
      sql`select id, email_sealed, name_sealed from stripe_customers limit 300`,
    );
    for (const { id, email_sealed, name_sealed } of customers) {
      const email = app.deps.vault.open(email_sealed, `stripe_customers.email_sealed:${id}`);
      expect(email).toMatch(/^reader\.\w+@example\.(?:org|net|com)$/);
      expect(app.deps.vault.open(name_sealed, `stripe_customers.name_sealed:${id}`)).toMatch(/\p{L}+ \p{L}+/u);
    }
    expect(await ask(sql`select from mails`)).toEqual([]);
    expect(await ask(sql`select from donations where not no_mail`)).toEqual([]);
    const consents = await ask(
      sql`select from donations d where not exists (select from consents c where c.donation_id = d.id)`,
    );
    expect(consents).toEqual([]);
  });
});

describe("the reports", () => {
  test("show years that grow, with a season", async () => {
    const months = await report(`summary?${ALL_YEARS}&interval=month`);
    const sum = (of: (period: string) => boolean, column: string) =>
      months.filter((row) => of(String(row.period))).reduce((total, row) => total + Number(row[column]), 0);
    const months12 = (back: number) => {
      const from = new Date(+until - (back + 1) * 365 * 86_400_000).toISOString();
      const to = new Date(+until - back * 365 * 86_400_000).toISOString();
      return (period: string) => period >= from && period < to;
    };
    expect(sum(months12(0), "payments")).toBeGreaterThan(1.2 * sum(months12(1), "payments"));
    expect(sum(months12(1), "payments")).toBeGreaterThan(1.2 * sum(months12(2), "payments"));
    const once = (month: string) => sum((period) => period.slice(5, 7) === month, "payments");
    expect(once("12")).toBeGreaterThan(once("08") * 0.8);
    const [movements] = await ask<{ net: number }>(sql`select sum(net)::bigint as net from payment_movements`);
    expect(sum(() => true, "net")).toBe(movements?.net);
  });

  test("tell where gifts come from", async () => {
    const rows = await report(`payments?${ALL_YEARS}&limit=1000`);
    expect(rows).toHaveLength(1000);
    const different = (column: string) => new Set(rows.map((row) => row[column])).size;
    expect(different("currency")).toBeGreaterThanOrEqual(4);
    expect(different("placement")).toBeGreaterThanOrEqual(5);
    expect(different("article_id")).toBeGreaterThan(100);
    expect(different("utm_source")).toBeGreaterThanOrEqual(5);
    expect(different("card_country")).toBeGreaterThan(8);
    expect(different("payment_method")).toBeGreaterThanOrEqual(4);
    expect(different("campaign")).toBeGreaterThanOrEqual(3);
    expect(rows.filter((row) => row.payout_id !== null).length).toBeGreaterThan(700);
  });
});

describe("the same set", () => {
  test("asked for again adds nothing; another one is refused", async () => {
    const before = await writersOf(app.db);
    expect((await makeSampleData(app.deps, SET)).isNew).toBe(false);
    expect(await writersOf(app.db)).toEqual(before);
    for (const other of [
      { ...SET, seed: 8 },
      { ...SET, payments: 10 },
      { ...SET, years: 2 },
    ]) {
      await expect(makeSampleData(app.deps, other)).rejects.toThrow(/holds sample data already/);
    }
  });

  test("has the same rows in another database, and another seed has others", async () => {
    const other = await startApp();
    try {
      await makeSampleData({ ...other.deps, now: () => until }, SET);
      expect(await sampleRows(other.db)).toEqual(await sampleRows(app.db));
    } finally {
      await other.close();
    }
    const third = await startApp();
    try {
      await makeSampleData({ ...third.deps, now: () => until }, { payments: 60, seed: 8, years: 1 });
      expect(await third.db.selectFrom("payments").select("id").execute()).toHaveLength(60);
      const [ours, theirs] = await Promise.all([sampleRows(app.db), sampleRows(third.db)]);
      expect(theirs.stripe_charges?.filter((row) => ours.stripe_charges?.includes(row))).toEqual([]);
    } finally {
      await third.close();
    }
  }, 60_000);
});

describe("beside a simulated Stripe", () => {
  test("a reader's own gift is the newest in the report; a month later Stripe and the books agree", async () => {
    const beside = await startApp();
    try {
      await give(beside, { amount: 4321, frequency: "monthly" });
      await beside.settle();
      await makeSampleData(beside.deps, { payments: 300, seed: 3 });
      await give(beside, { amount: 1234 });
      await beside.settle();
      const { rows } = (await (
        await fetch(`${beside.url}/v1/reports/payments?${ALL_YEARS}&limit=2`, {
          headers: { authorization: `Bearer ${await beside.token()}` },
        })
      ).json()) as { rows: { amount: number }[] };
      expect(rows[0]?.amount).toBe(1234);
      const since = new Date(+beside.clock.now() - 40 * 86_400_000);
      const first = await reconcile(beside.deps, { since, patienceMs: 0 });
      expect(first.remaining).toBe(0);
      await beside.standIn.advance(33 * 86_400_000);
      await beside.settle();
      const later = await reconcile(beside.deps, {
        since: new Date(+since - 40 * 86_400_000),
        fix: true,
        patienceMs: 0,
      });
      expect(later).toMatchObject({ remaining: 0, healed: 0 });
      expect(later.balances.every(({ ours, stripes }) => ours === stripes)).toBe(true);
      await backfill(beside.deps, { since: new Date(+beside.clock.now() - 3_600_000) });
      expect(beside.logged()).not.toContain("_sample");
    } finally {
      await beside.close();
    }
  }, 60_000);
});

describe("is refused", () => {
  const options = { payments: 10 };
  const refusal = async (deps: Parameters<typeof makeSampleData>[0], wanted = options) => {
    const error = await makeSampleData(deps, wanted).then(
      () => null,
      (thrown: unknown) => thrown,
    );
    expect(error).toBeInstanceOf(SetupError);
    return (error as SetupError).faults.join("\n");
  };

  test("in production, and on the books of a real account", async () => {
    const { deps } = app;
    const production = { ...deps, config: { ...deps.config, environment: "production" as const } };
    expect(await refusal(production)).toMatch(/never in production/);
    const real = { ...deps, config: { ...deps.config, stripe: { ...deps.config.stripe, apiBase: null } } };
    expect(await refusal(real)).toMatch(/STRIPE_SECRET_KEY: .*real Stripe account/);
  });

  test("with numbers that make no sense, all of them at once", async () => {
    const words = await refusal(app.deps, { payments: 0.5, years: 90, seed: -1 } as typeof options);
    expect(words).toMatch(/--payments: expected.*--years: expected.*--seed: expected/s);
  });

  test("where gifts may be real: paid in live mode, or of an older system", async () => {
    const other = await startApp();
    try {
      await sql`
        insert into donations (id, created_at, origin, frequency, currency, amount, chosen_amount, fees_covered, status, stripe_session)
        values (gen_random_uuid(), now(), 'checkout', 'once', 'USD', 500, 500, false, 'paid', 'cs_live_a1B2c3')
      `.execute(other.db);
      expect(await refusal(other.deps)).toMatch(/gifts that may be real/);
      await sql`update donations set origin = 'adopted', stripe_session = null`.execute(other.db);
      expect(await refusal(other.deps)).toMatch(/gifts that may be real/);
      expect((await sql`select from cursors where name like 'sample%'`.execute(other.db)).rows).toEqual([]);
    } finally {
      await other.close();
    }
  });
});
