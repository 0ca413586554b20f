import { afterEach, beforeEach, expect, test } from "vitest";
import { startApp, type TestApp } from "../support/app.ts";
import { give, onStripesPage, type Start, start } from "../support/giving.ts";

let app: TestApp;
beforeEach(async () => {
  app = await startApp();
});
afterEach(() => app.close());

const DAY_MS = 86_400_000;

async function report(path: string): Promise<Record<string, unknown>[]> {
  const answer = await fetch(`${app.url}/v1/reports/${path}`, {
    headers: { authorization: `Bearer ${await app.token()}` },
  });
  expect(answer.status).toBe(200);
  return ((await answer.json()) as { rows: Record<string, unknown>[] }).rows;
}

async function stateOf(id: string): Promise<Record<string, unknown>> {
  return (await (await fetch(`${app.url}/v1/checkout-sessions/${id}`)).json()) as Record<string, unknown>;
}

test("a reader gives once, monthly and annually, declines once, and a month later the books add up", async () => {
  const declined = (await (await start(app, { frequency: "once", amount: 1000, currency: "USD" })).json()) as Start;
  expect(await onStripesPage(declined.url, "decline")).toBe(declined.url);
  const once = await give(app, { amount: 2500, cover_fees: true });
  const monthly = await give(app, { frequency: "monthly", amount: 1000 });
  const annual = await give(app, { frequency: "annual", amount: 5000 });
  await app.settle();
  await app.standIn.advance(31 * DAY_MS, { finishDrafts: true });
  await app.settle();

  const rows = await report("summary?from=2020-01-01&to=2040-01-01&interval=year");
  const by = (frequency: string) => rows.filter((row) => row.frequency === frequency);
  const total = (frequency: string, key: string) => by(frequency).reduce((sum, row) => sum + Number(row[key]), 0);
  expect(total("once", "payments")).toBe(1);
  expect(total("monthly", "payments")).toBe(2);
  expect(total("annual", "payments")).toBe(1);
  expect(total("once", "gross")).toBe(2606);
  expect(total("once", "fees")).toBe(106);
  expect(total("once", "net")).toBe(2500);
  expect(total("monthly", "gross")).toBe(2000);
  expect(total("annual", "gross")).toBe(5000);
  for (const row of rows) {
    expect(row.net).toBe(Number(row.gross) - Number(row.refunded) - Number(row.disputed) - Number(row.fees));
  }

  const payments = await report("payments?from=2020-01-01&to=2040-01-01");
  expect(payments.filter((row) => row.donation_id === monthly.id).map((row) => row.installment)).toEqual([2, 1]);
  expect(payments.find((row) => row.donation_id === once.id)).toMatchObject({
    amount: 2606,
    chosen_amount: 2500,
    fees_covered: true,
  });
  expect(payments.find((row) => row.donation_id === annual.id)).toMatchObject({ status: "paid", installment: 1 });
  expect(payments.some((row) => row.donation_id === declined.id)).toBe(false);
  expect((await stateOf(declined.id)).status).toBe("expired");
  expect(await stateOf(once.id)).toEqual({
    id: once.id,
    status: "paid",
    frequency: "once",
    amount: 2606,
    currency: "USD",
  });

  const ledger = await app.db
    .selectFrom("balance_transactions")
    .select(({ fn }) => fn.sum<string>("net").as("net"))
    .executeTakeFirst();
  expect(Number(ledger?.net)).toBe(rows.reduce((sum, row) => sum + Number(row.net), 0));
});

test("a bank debit is processing until it settles days later, and only then paid (Ghost #30118)", async () => {
  const answer = (await (await start(app, { frequency: "once", amount: 3000, currency: "EUR" })).json()) as Start;
  await onStripesPage(answer.url, "pay_later");
  await app.settle();
  expect((await stateOf(answer.id)).status).toBe("processing");
  await app.standIn.advance(6 * DAY_MS);
  await app.settle();
  expect((await stateOf(answer.id)).status).toBe("paid");
});

test("a bank debit that fails days later is failed, and counts nowhere", async () => {
  const answer = (await (await start(app, { frequency: "once", amount: 3100, currency: "EUR" })).json()) as Start;
  await onStripesPage(answer.url, "pay_later_fail");
  await app.settle();
  await app.standIn.advance(6 * DAY_MS);
  await app.settle();
  expect((await stateOf(answer.id)).status).toBe("failed");
  const payments = await report("payments?from=2020-01-01&to=2040-01-01&status=paid");
  expect(payments.some((row) => row.donation_id === answer.id)).toBe(false);
});

test("an abandoned session expires; a bank's question is answered and paid", async () => {
  const abandoned = (await (await start(app, { frequency: "monthly", amount: 500, currency: "USD" })).json()) as Start;
  const asked = (await (await start(app, { frequency: "once", amount: 700, currency: "USD" })).json()) as Start;
  await onStripesPage(asked.url, "authenticate");
  await app.settle();
  expect((await stateOf(asked.id)).status).toBe("paid");
  expect((await stateOf(abandoned.id)).status).toBe("open");
  await app.standIn.advance(2 * DAY_MS);
  await app.settle();
  expect((await stateOf(abandoned.id)).status).toBe("expired");
});

test("money of a foreign product on the same account is kept and is no gift (Ghost #20243)", async () => {
  const before = await app.db
    .selectFrom("payments")
    .select(({ fn }) => fn.countAll<number>().as("n"))
    .executeTakeFirst();
  const session = await app.deps.stripe.api.checkout.sessions.create({
    mode: "payment",
    ui_mode: "hosted_page",
    success_url: `${app.url}/`,
    customer_creation: "always",
    line_items: [{ quantity: 1, price_data: { currency: "usd", unit_amount: 9900, product_data: { name: "A mug" } } }],
  });
  await onStripesPage(session.url ?? "", "pay");
  await app.settle();
  const after = await app.db
    .selectFrom("payments")
    .select(({ fn }) => fn.countAll<number>().as("n"))
    .executeTakeFirst();
  expect(after?.n).toBe(before?.n);
  const kept = await app.db.selectFrom("stripe_charges").select(["id", "amount"]).where("amount", "=", 9900).execute();
  expect(kept).toHaveLength(1);
  const booked = await app.db
    .selectFrom("balance_transactions")
    .select("net")
    .where("source_id", "=", kept[0]?.id ?? "")
    .execute();
  expect(booked).toHaveLength(1);
});

test("a monthly gift by bank debit whose first payment bounces is failed, and never was paid", async () => {
  const answer = (await (await start(app, { frequency: "monthly", amount: 900, currency: "EUR" })).json()) as Start;
  await onStripesPage(answer.url, "pay_later_fail");
  await app.settle();
  expect((await stateOf(answer.id)).status).toBe("processing");
  await app.standIn.advance(6 * DAY_MS);
  await app.settle();
  expect((await stateOf(answer.id)).status).toBe("failed");
  const payments = await report("payments?from=2020-01-01&to=2040-01-01");
  expect(payments.filter((row) => row.donation_id === answer.id).map((row) => row.status)).toEqual(["failed"]);
});

test("31 days later a monthly gift has renewed, also where the month has 31 days and Stripe leaves the renewal a draft for an hour", async () => {
  await app.close();
  app = await startApp({ work: true });
  const midDecember = Date.UTC(app.clock.now().getUTCFullYear() + 1, 11, 15, 12);
  await app.standIn.advance(midDecember - app.clock.now().getTime());
  const { id } = await give(app, { frequency: "monthly", amount: 1000 });
  const answer = await fetch(`${app.url}/sandbox/stripe/advance`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: '{"days":31}',
  });
  expect(answer.status).toBe(200);
  await app.settle();
  const payments = await report("payments?from=2020-01-01&to=2040-01-01");
  expect(payments.filter((row) => row.donation_id === id).map((row) => row.installment)).toEqual([2, 1]);
});
