import { sql } from "kysely";
import { describe, expect, test } from "vitest";
import { processInbox } from "../../src/inbox/process.ts";
import { type Account, EVER, expectBooksToAddUp, openAccount } from "../support/account.ts";
import { give, onStripesPage, start } from "../support/giving.ts";
import { eventsOf } from "../support/history.ts";
import { postEvent } from "../support/world.ts";

async function alerts(here: Account) {
  return await here.app.db.selectFrom("alerts").select(["kind", "object_id", "detail"]).orderBy("detail").execute();
}

/** Something else is sold on the same account. @returns its charge */
async function mug(here: Account, amount = 9900): Promise<string> {
  const session = await here.stripe.checkout.sessions.create({
    mode: "payment",
    ui_mode: "hosted_page",
    success_url: `${here.app.url}/`,
    customer_creation: "always",
    line_items: [
      { quantity: 1, price_data: { currency: "usd", unit_amount: amount, product_data: { name: "A mug" } } },
    ],
  });
  await onStripesPage(session.url ?? "", "pay");
  await here.settle();
  const [charge] = (await here.stripe.charges.list({ limit: 1 })).data;
  return charge?.id ?? "";
}

describe("what is no gift", () => {
  test("Ghost #20243: a sale, its refund, its dispute and its fees on the same account stay outside, and the balance counts them", async () => {
    const here = await openAccount();
    await here.given({ amount: 5000 });
    const refunded = await mug(here);
    await here.stripe.refunds.create({ charge: refunded, amount: 400 });
    await here.settle();
    await here.control("disputes", { charge: await mug(here, 2000) });
    expect(await here.report(`payments?${EVER}`)).toHaveLength(1);
    expect(await here.summary()).toEqual([
      {
        ...{ frequency: "once", currency: "USD", donations: 1, payments: 1 },
        ...{ gross: 5000, refunded: 0, disputed: 0, fees: 175, net: 4825 },
      },
    ]);
    // 98.95 and 19.12 came in net of fees; 4.00 went back, and the dispute took 20.00 and 15.00.
    expect(await here.journal()).toMatchObject({
      ...{ gifts_once: -5000, not_gifts_charge: -11900, not_gifts_refund: 400, not_gifts_dispute: 2000 },
      stripe_balance: 4825 + 9583 - 400 + 1912 - 2000 - 1500,
    });
    await expectBooksToAddUp(here);
  });

  test("Stripe's own fees, corrections, money that was put in and money that is held have lines of their own", async () => {
    const here = await openAccount();
    await here.given({ amount: 5000 });
    for (const [type, amount] of [
      ["stripe_fee", -120],
      ["adjustment", 35],
      ["topup", 10_000],
      ["reserve_hold", -500],
    ] as const) {
      await here.control("balance_transactions", { type, amount, currency: "usd" });
    }
    expect(await here.summary()).toMatchObject([{ gross: 5000, fees: 175, net: 4825 }]);
    expect(await here.journal()).toEqual({
      ...{ gifts_once: -5000, payment_fees: 175, stripe_fees: 120, not_gifts_other_adjustment: -35 },
      ...{
        not_gifts_topup: -10_000,
        not_gifts_risk_reserved_funds: 500,
        stripe_balance: 4825 - 120 + 35 + 10_000 - 500,
      },
    });
    await expectBooksToAddUp(here);
  });
});

describe("dates and amounts", () => {
  test("opencollective #8803: a gift of a month's last day is that month's, although it is available in the next", async () => {
    const here = await openAccount();
    const lastDay = Date.UTC(here.app.clock.now().getUTCFullYear(), 0, 31, 12);
    await here.days((lastDay - +here.app.clock.now()) / 86_400_000);
    await here.given({ amount: 5000 });
    const row = await here.app.db.selectFrom("balance_transactions").selectAll().executeTakeFirstOrThrow();
    expect(row.created.getUTCMonth()).toBe(0);
    expect(row.available_on.getUTCMonth()).toBe(1);
    const year = row.created.getUTCFullYear();
    expect(await here.summary("month")).toMatchObject([{ period: `${year}-01-01`, payments: 1, net: 4825 }]);
    expect(await here.summary("month", `from=${year}-02-01&to=${year}-03-01`)).toEqual([]);
    expect(await here.report(`payments?from=${year}-02-01&to=${year}-03-01`)).toEqual([]);
    expect(await here.report(`payments?from=${year}-01-31&to=${year}-02-01`)).toHaveLength(1);
  });

  test("a day begins in the newsroom's time zone: a gift at 23:30 UTC on the last of the month is Berlin's first", async () => {
    const here = await openAccount();
    const late = Date.UTC(here.app.clock.now().getUTCFullYear(), 0, 31, 23, 30);
    await here.days((late - +here.app.clock.now()) / 86_400_000);
    await here.given({ amount: 5000 });
    const year = here.app.clock.now().getUTCFullYear();
    expect(await here.summary("month")).toMatchObject([{ period: `${year}-02-01`, payments: 1 }]);
  });

  test.each([
    ["rev-engine: 19.99 is not 1998 on the way", 1999, "USD"],
    ["opencollective #4297, mozilla #454: yen have no hundredth part", 3000, "JPY"],
    ["krónur are told with two decimals that are zero", 300_000, "ISK"],
  ])("%s", async (_title, amount, currency) => {
    const here = await openAccount();
    const id = await here.given({ amount, currency });
    const charge = await here.stripe.charges.retrieve(await here.chargeOf(id));
    expect([charge.amount, charge.currency]).toEqual([amount, currency.toLowerCase()]);
    const booked = await here.stripe.balanceTransactions.retrieve(String(charge.balance_transaction));
    expect(await here.payments(id)).toMatchObject([
      {
        ...{ amount, chosen_amount: amount, currency, settlement_currency: "USD" },
        ...{ settled_gross: booked.amount, fee: booked.fee, net: booked.net },
        exchange_rate: booked.exchange_rate === null ? null : String(booked.exchange_rate),
      },
    ]);
    expect(await here.summary()).toMatchObject([{ currency: "USD", gross: booked.amount, net: booked.net }]);
    await expectBooksToAddUp(here);
  });

  test("manage-frontend #1545: what the reader chose is what is charged, and stays known when the fees come on top", async () => {
    const here = await openAccount();
    const plain = await here.given({ amount: 2000, currency: "EUR" });
    const covered = await here.given({ amount: 2000, currency: "EUR", cover_fees: true });
    expect(await here.payments(plain)).toMatchObject([{ amount: 2000, chosen_amount: 2000, fees_covered: false }]);
    const [row] = await here.payments(covered);
    expect(row).toMatchObject({ chosen_amount: 2000, fees_covered: true });
    expect(Number(row?.amount)).toBeGreaterThan(2000);
    const charge = await here.stripe.charges.retrieve(await here.chargeOf(covered));
    expect(charge.amount).toBe(row?.amount);
  });
});

describe("an event", () => {
  test("GiveWP: whose processing throws is not acknowledged away: it is kept with the reason, tried again, and then applied", async () => {
    const here = await openAccount();
    await sql`
      create function refuse_this() returns trigger language plpgsql as $$ begin raise exception 'not today'; end $$
    `.execute(here.app.db);
    await sql`create trigger refuse_this before insert on stripe_charges for each row execute function refuse_this()`.execute(
      here.app.db,
    );
    const { id } = await give(here.app, { amount: 5000 });
    await here.app.standIn.settled();
    expect(here.app.standIn.deliveries.list().map((one) => one.last_status)).not.toContain(500);
    while ((await processInbox(here.app.background)) > 0);
    const states = async () => {
      const rows = await here.app.db
        .selectFrom("stripe_events")
        .select(["type", "state", "attempts", "reason"])
        .where("type", "like", "charge.%")
        .execute();
      return rows.map(({ type, state, attempts, reason }) => ({ type, state, attempts, reason }));
    };
    for (const row of await states()) {
      expect(row).toMatchObject({ state: "received", attempts: 1, reason: expect.stringMatching(/./) });
    }
    expect(await here.app.db.selectFrom("stripe_payment_intents").select("status").execute()).toEqual([
      { status: "succeeded" },
    ]);

    await sql`drop trigger refuse_this on stripe_charges`.execute(here.app.db);
    await sql`update stripe_events set due_at = clock_timestamp() where state = 'received'`.execute(here.app.db);
    await here.settle();
    for (const row of await states()) expect(row).toMatchObject({ state: "applied", attempts: 2, reason: null });
    expect(await here.payments(id)).toMatchObject([{ status: "paid", net: 4825 }]);
    await expectBooksToAddUp(here);
  });

  test("of an invoice that could not be finalized is kept, and makes no payment", async () => {
    const here = await openAccount();
    const id = await here.given({ frequency: "monthly", amount: 1000 });
    const events = await eventsOf(here.app, () => here.days(32));
    const made = events.find((event) => event.type === "invoice.created");
    if (made === undefined) throw new Error("There was no renewal.");
    const failed = {
      ...made,
      id: `${made.id}_failed`,
      type: "invoice.finalization_failed",
      data: {
        object: {
          ...made.data.object,
          id: `${made.data.object.id}_other`,
          last_finalization_error: { type: "invalid_request_error", message: "No tax location." },
        },
      },
    };
    expect(await postEvent(here.app.url, here.app.webhookSecret, JSON.stringify(failed))).toBe(200);
    await here.settle();
    const kept = here.app.db.selectFrom("stripe_invoices").select(["finalization_failed", "status"]);
    expect(await kept.where("id", "=", failed.data.object.id).executeTakeFirst()).toEqual({
      ...{ finalization_failed: true, status: "draft" },
    });
    expect(await here.payments(id)).toMatchObject([{ installment: 1 }, { installment: 2, status: "paid" }]);
  });

  test("of a card that was replaced tells the new one, and the next renewal is paid with it", async () => {
    const here = await openAccount();
    const id = await here.given({ frequency: "monthly", amount: 1000 });
    const { stripe_customer } = await here.donationOf(id);
    await here.control(`customers/${stripe_customer}/card`, { brand: "amex", country: "CA" });
    const cards = await here.app.db
      .selectFrom("stripe_payment_methods")
      .select(["card_brand", "card_country"])
      .where("customer_id", "=", stripe_customer)
      .orderBy("created", "desc")
      .execute();
    expect(cards[0]).toEqual({ card_brand: "amex", card_country: "CA" });
    await here.days(32);
    expect(await here.payments(id)).toMatchObject([
      { installment: 1, card_country: "DE" },
      { installment: 2, status: "paid", card_country: "CA" },
    ]);
  });
});

describe("what somebody should look at", () => {
  test("a bank's early warning of fraud is kept and raises one alert, whatever becomes of it", async () => {
    const here = await openAccount();
    const id = await here.given({ amount: 5000 });
    const charge = await here.chargeOf(id);
    await here.control("early_fraud_warnings", { charge });
    expect(await alerts(here)).toEqual([
      { kind: "early_fraud_warning", object_id: charge, detail: expect.stringContaining("refund") },
    ]);
    const warning = async () =>
      await here.app.db.selectFrom("stripe_early_fraud_warnings").selectAll().executeTakeFirstOrThrow();
    expect(await warning()).toMatchObject({ charge_id: charge, actionable: true });
    await here.app.standIn.advance(5000);
    await here.stripe.refunds.create({ charge });
    await here.settle();
    expect(await warning()).toMatchObject({ actionable: false });
    expect(await alerts(here)).toHaveLength(1);
    expect(await here.payments(id)).toMatchObject([{ refunded: 5000 }]);
  });

  test.each([
    ["payment_intent", "payment_intent.succeeded", "status", "on_the_moon"],
    ["charge", "charge.succeeded", "status", "half_paid"],
    ["checkout.session", "checkout.session.completed", "payment_status", "owed"],
  ])(
    "a value of Stripe's that is not known (%s) is kept, raises an alert, and loses nothing",
    async (kind, type, column, value) => {
      const here = await openAccount();
      let id = "";
      const events = await eventsOf(here.app, async () => {
        id = await here.given({ amount: 5000 });
      });
      const known = events.findLast((event) => event.type === type);
      if (known === undefined) throw new Error(`There was no ${type}.`);
      const strange = {
        ...known,
        id: `${known.id}_strange`,
        created: known.created + 60,
        data: { object: { ...known.data.object, [column]: value } },
      };
      expect(await postEvent(here.app.url, here.app.webhookSecret, JSON.stringify(strange))).toBe(200);
      await here.settle();
      const detail = `${kind}.${column} is ${value}, which is not known`;
      expect(await alerts(here)).toEqual([{ kind: "unknown_state", object_id: known.data.object.id, detail }]);
      const { state } = await here.app.db
        .selectFrom("stripe_events")
        .select("state")
        .where("id", "=", strange.id)
        .executeTakeFirstOrThrow();
      expect(state).toBe("applied");
      // What Stripe booked is booked, whatever it calls the payment now.
      await expectBooksToAddUp(here);
      const again = { ...known, id: `${known.id}_again`, created: known.created + 120 };
      expect(await postEvent(here.app.url, here.app.webhookSecret, JSON.stringify(again))).toBe(200);
      await here.settle();
      expect(await here.payments(id)).toMatchObject([{ status: "paid", net: 4825 }]);
    },
  );

  test("a subscription, refund and dispute in states that are not known raise an alert each", async () => {
    const here = await openAccount();
    const monthly = await here.given({ frequency: "monthly", amount: 1000 });
    const events = await eventsOf(here.app, async () => {
      const charge = await here.chargeOf(monthly);
      await here.stripe.refunds.create({ charge, amount: 100 });
      await here.control("disputes", { charge, amount: 200 });
      const { stripe_subscription } = await here.donationOf(monthly);
      await here.stripe.subscriptions.update(stripe_subscription ?? "", { cancel_at_period_end: true });
    });
    for (const type of ["refund.created", "charge.dispute.created", "customer.subscription.updated"]) {
      const known = events.findLast((event) => event.type === type);
      if (known === undefined) throw new Error(`There was no ${type}.`);
      const object = { ...known.data.object, status: "of_the_future" };
      const strange = { ...known, id: `${known.id}_strange`, created: known.created + 60, data: { object } };
      expect(await postEvent(here.app.url, here.app.webhookSecret, JSON.stringify(strange))).toBe(200);
    }
    await here.settle();
    expect((await alerts(here)).map((row) => row.detail)).toEqual(
      ["dispute", "refund", "subscription"].map((kind) => `${kind}.status is of_the_future, which is not known`),
    );
    expect(await here.donationOf(monthly)).toMatchObject({ status: "paid", subscription_status: "of_the_future" });
    expect(await here.payments(monthly)).toMatchObject([{ status: "paid", refunded: 100, disputed: 200 }]);
    await expectBooksToAddUp(here);
  });

  test("a session that is abandoned keeps the link by which Stripe lets its reader come back, and nobody else can read it", async () => {
    const here = await openAccount();
    const answer = await start(here.app, {
      frequency: "once",
      amount: 2500,
      currency: "USD",
      email: "left@example.org",
    });
    const { id } = (await answer.json()) as { id: string };
    await here.days(2);
    expect(await here.donationOf(id)).toMatchObject({ status: "expired" });
    const row = await here.app.db.selectFrom("stripe_sessions").selectAll().executeTakeFirstOrThrow();
    const sealed = row.recovery_url_sealed;
    if (sealed === null) throw new Error("The session has no recovery link.");
    const link = here.app.deps.vault.open(sealed, `stripe_sessions.recovery_url_sealed:${row.id}`);
    const { after_expiration } = await here.stripe.checkout.sessions.retrieve(row.id);
    expect(link).toBe(after_expiration?.recovery?.url);
    const opened = await fetch(link, { redirect: "manual" });
    await onStripesPage(opened.headers.get("location") ?? "", "pay");
    await here.settle();
    expect(await here.donationOf(id)).toMatchObject({ status: "paid" });
    expect(await here.payments(id)).toMatchObject([{ status: "paid", amount: 2500 }]);
  });
});
