import { deflateRawSync } from "node:zlib";
import { sql } from "kysely";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { decodeAttribution } from "../../src/donations/attribution.ts";
import { rebuildBooks } from "../../src/donations/rebuild.ts";
import { localDate } from "../../src/shared/period.ts";
import { type Account, openAccount } from "../support/account.ts";
import { kindsOf, mailsOf } from "../support/gift-mails.ts";
import { onStripesPage, type Start, start } from "../support/giving.ts";

let here: Account;
let close: () => Promise<void>;
beforeAll(async () => {
  here = await openAccount({}, (end) => {
    close = end;
  });
});
afterAll(() => close());

const MONTHLY = { frequency: "monthly", amount: 1000 };
const day = (instant: Date | null | undefined) => localDate(instant ?? new Date(0), "Europe/Berlin");
const today = () => day(here.app.clock.now());
const aDay = expect.stringMatching(/^\d{4}-\d\d-\d\d$/);

async function monthly(body: object = {}) {
  const id = await here.given({ ...MONTHLY, ...body });
  const { stripe_customer: customer, stripe_subscription: subscription } = await here.donationOf(id);
  return { id, customer: customer ?? "", subscription: subscription ?? "" };
}

/** Until two days after a monthly gift's renewal. */
async function renew(id: string): Promise<void> {
  const row = await here.app.db
    .selectFrom("stripe_subscriptions")
    .select("current_period_end")
    .where("donation_id", "=", id)
    .executeTakeFirstOrThrow();
  await here.days((+(row.current_period_end ?? 0) - +here.app.clock.now()) / 86_400_000 + 0.5);
}

const only = async (id: string, kind: string) => (await mailsOf(here.app.db, id)).filter((mail) => mail.kind === kind);

describe("money that arrives", () => {
  test("once: a thank-you", async () => {
    const id = await here.given({ amount: 2500, cover_fees: true, locale: "de" });
    expect(await mailsOf(here.app.db, id)).toEqual([
      {
        kind: "thank_you",
        cause: id,
        data: { frequency: "once", amount: 2606, currency: "USD", paid_on: today() },
        state: "queued",
        reason: null,
        discreet: false,
        locale: "de",
        donation_id: id,
      },
    ]);
    const { rows } = await sql<{ key: string }>`
      select key from graphile_worker.jobs where task_identifier = 'send_mail' and key in (select 'mail:' || m.id from mails m where donation_id = ${id})
    `.execute(here.app.db);
    expect(rows).toHaveLength(1);
  });

  test("regularly: a word at the start, a receipt for each renewal, and no thank-you besides", async () => {
    const { id } = await monthly();
    expect(await mailsOf(here.app.db, id)).toMatchObject([
      {
        kind: "recurring_started",
        cause: id,
        data: { frequency: "monthly", amount: 1000, currency: "USD", paid_on: today(), next_on: aDay },
      },
    ]);
    await renew(id);
    const [, second] = await here.paymentRows(id);
    const receipts = await only(id, "renewal_receipt");
    expect(receipts).toMatchObject([
      { cause: second?.id, data: { amount: 1000, installment: 2, paid_on: day(second?.paid_at) } },
    ]);
    const { next_on, paid_on } = (receipts[0]?.data ?? {}) as Record<string, string>;
    expect(Date.parse(next_on ?? "") - Date.parse(paid_on ?? "")).toBeGreaterThan(27 * 86_400_000);
  });

  test("by bank debit: only once it is there, and dated by that day", async () => {
    const { id, url } = (await (
      await start(here.app, { frequency: "once", amount: 3000, currency: "EUR" })
    ).json()) as Start;
    await onStripesPage(url, "pay_later");
    await here.settle();
    const begun = today();
    expect(await mailsOf(here.app.db, id)).toEqual([]);
    await here.days(4);
    const [mail] = await mailsOf(here.app.db, id);
    expect(mail).toMatchObject({ kind: "thank_you", data: { currency: "EUR", paid_on: aDay } });
    const { paid_on } = (mail?.data ?? {}) as { readonly paid_on?: string };
    expect(Date.parse(paid_on ?? "")).toBeGreaterThan(Date.parse(begun));
  });

  test("a decline on Stripe's page, and a checkout that nobody pays, cause nothing", async () => {
    for (const frequency of ["once", "monthly"]) {
      const { id, url } = (await (await start(here.app, { frequency, amount: 1500, currency: "USD" })).json()) as Start;
      await onStripesPage(url, "decline");
      await here.settle();
      expect(await mailsOf(here.app.db, id)).toEqual([]);
      await onStripesPage(url, "pay");
      await here.settle();
      expect(await kindsOf(here.app.db, id)).toHaveLength(1);
    }
  });
});

describe("a payment that fails", () => {
  test("each attempt once, with the reason and the next try; then the end, which says it all", async () => {
    const { id, customer } = await monthly();
    await here.control(`customers/${customer}`, { renewals: "fail" });
    await renew(id);
    const [, payment] = await here.paymentRows(id);
    const next = (days: number) =>
      localDate(new Date(+(payment?.next_attempt_at ?? 0) + days * 86_400_000), "Europe/Berlin");
    expect(await only(id, "payment_failed")).toMatchObject([
      {
        cause: `${payment?.id}:1`,
        data: { frequency: "monthly", amount: 1000, currency: "USD", reason: "card_declined", next_try_on: next(0) },
      },
    ]);
    await here.days(3);
    expect(await only(id, "payment_failed")).toMatchObject([
      { cause: `${payment?.id}:1` },
      { cause: `${payment?.id}:2`, data: { next_try_on: next(5) } },
    ]);
    await here.days(5);
    await here.days(7);
    expect((await only(id, "payment_failed")).map((mail) => mail.cause)).toEqual(
      [1, 2, 3].map((attempt) => `${payment?.id}:${attempt}`),
    );
    expect(await only(id, "cancelled")).toMatchObject([{ data: { by: "payment_failed", ends_on: null } }]);
    expect(await kindsOf(here.app.db, id)).not.toContain("renewal_receipt");
  });

  test("that the bank wants confirmed: a request instead; a confirmation that fails is no second mail", async () => {
    const { id, customer } = await monthly();
    await here.control(`customers/${customer}`, { renewals: "authenticate" });
    await renew(id);
    const [, payment] = await here.paymentRows(id);
    const asked = [{ kind: "action_required", cause: `${payment?.id}:1`, data: { amount: 1000, currency: "USD" } }];
    const told = async () => (await mailsOf(here.app.db, id)).filter((mail) => mail.kind !== "recurring_started");
    expect(await told()).toMatchObject(asked);
    await here.control(`payment_intents/${payment?.stripe_payment_intent}`, { outcome: "decline" });
    expect(await told()).toMatchObject(asked);
    await here.control(`customers/${customer}`, { renewals: "ok" });
    await here.days(3);
    expect((await told()).map((mail) => mail.kind)).toEqual(["action_required", "renewal_receipt"]);
  });

  test("a debit that bounces, for a single gift and for the first of many", async () => {
    for (const frequency of ["once", "monthly"]) {
      const { id, url } = (await (await start(here.app, { frequency, amount: 3000, currency: "EUR" })).json()) as Start;
      await onStripesPage(url, "pay_later_fail");
      await here.days(4);
      expect(await mailsOf(here.app.db, id)).toMatchObject([
        {
          kind: "payment_failed",
          data: { frequency, amount: 3000, currency: "EUR", reason: "bank_debit_failed", next_try_on: null },
        },
      ]);
    }
  });

  test("a debit that bounces at a renewal: when it has, with the next try", async () => {
    const { id, url } = (await (await start(here.app, { ...MONTHLY, currency: "EUR" })).json()) as Start;
    await onStripesPage(url, "pay_later");
    await here.days(4);
    const { stripe_customer: customer } = await here.donationOf(id);
    await here.control(`customers/${customer}`, { renewals: "fail" });
    await renew(id);
    expect(await only(id, "payment_failed")).toEqual([]);
    await here.days(3);
    const [, payment] = await here.paymentRows(id);
    expect(payment?.next_attempt_at).not.toBeNull();
    expect(await only(id, "payment_failed")).toMatchObject([
      {
        cause: `${payment?.id}:1`,
        data: {
          reason: "bank_debit_failed",
          next_try_on: localDate(payment?.next_attempt_at ?? new Date(0), "Europe/Berlin"),
        },
      },
    ]);
  });
});

describe("a running gift that changes", () => {
  test("its amount", async () => {
    const { id, subscription } = await monthly();
    const [item] = (await here.stripe.subscriptions.retrieve(subscription)).items.data;
    await here.stripe.subscriptions.update(subscription, {
      items: [
        {
          id: item?.id ?? "",
          price_data: {
            currency: "usd",
            product: "reader_support",
            unit_amount: 2000,
            recurring: { interval: "month" },
          },
        },
      ],
      proration_behavior: "none",
    });
    await here.settle();
    expect(await here.donationOf(id)).toMatchObject({ amount: 1000, running_amount: 2000 });
    expect(await only(id, "amount_changed")).toMatchObject([
      { data: { frequency: "monthly", amount: 2000, before: 1000, currency: "USD", next_on: aDay } },
    ]);
  });

  test("a pause, each time that one begins", async () => {
    const { id, subscription } = await monthly();
    const pause = async (to: "" | { behavior: "void"; resumes_at?: number }) => {
      await here.stripe.subscriptions.update(subscription, { pause_collection: to });
      await here.days(0.01);
    };
    await pause({ behavior: "void" });
    expect(await here.donationOf(id)).toMatchObject({ paused: true });
    expect(await only(id, "paused")).toMatchObject([{ data: { amount: 1000, resumes_on: null } }]);
    await pause("");
    expect(await here.donationOf(id)).toMatchObject({ paused: false });
    const resumes = Math.floor(+here.app.clock.now() / 1000) + 20 * 86_400;
    await pause({ behavior: "void", resumes_at: resumes });
    expect((await only(id, "paused")).map((mail) => mail.data)).toContainEqual(
      expect.objectContaining({ resumes_on: localDate(new Date(resumes * 1000), "Europe/Berlin") }),
    );
    expect(await only(id, "paused")).toHaveLength(2);
  });

  test("its end: at once, or announced and then not again", async () => {
    const atOnce = await monthly();
    const later = await monthly();
    await here.stripe.subscriptions.cancel(atOnce.subscription);
    await here.stripe.subscriptions.update(later.subscription, { cancel_at_period_end: true });
    await here.settle();
    expect(await only(atOnce.id, "cancelled")).toMatchObject([{ data: { by: "reader", ends_on: null, amount: 1000 } }]);
    const announced = await only(later.id, "cancelled");
    expect(announced).toMatchObject([{ data: { by: "reader", ends_on: aDay } }]);
    await renew(later.id);
    expect(await here.donationOf(later.id)).toMatchObject({ subscription_status: "canceled" });
    expect(await only(later.id, "cancelled")).toEqual(announced);
  });

  test("money that goes back: each refund that succeeds, and none that fails", async () => {
    const id = await here.given({ amount: 2500 });
    const charge = await here.chargeOf(id);
    const part = await here.stripe.refunds.create({ charge, amount: 500 });
    await here.settle();
    expect(await only(id, "refunded")).toMatchObject([
      { cause: part.id, data: { frequency: "once", amount: 500, of: 2500, currency: "USD" } },
    ]);
    const pending = await here.stripe.refunds.create({ charge, amount: 700, metadata: { sandbox: "pending_fail" } });
    await here.settle();
    await here.control(`refunds/${pending.id}`, { to: "failed" });
    expect(await only(id, "refunded")).toHaveLength(1);
  });
});

describe("news that comes late", () => {
  test.each([
    [2.9, ["recurring_started"]],
    [3.1, []],
  ] as const)("by %s days", async (days, kinds) => {
    const { id, url } = (await (await start(here.app, { ...MONTHLY, currency: "USD" })).json()) as Start;
    here.app.standIn.deliveries.hold();
    await onStripesPage(url, "pay");
    await here.app.standIn.advance(days * 86_400_000);
    await here.app.standIn.deliveries.release();
    await here.settle();
    expect(await here.paymentRows(id)).toMatchObject([{ status: "paid" }]);
    expect(await kindsOf(here.app.db, id)).toEqual(kinds);
  });
});

describe("what the reader and the newsroom want", () => {
  test("the newsroom's word for all: discreet, and no receipts of renewals", async () => {
    const theirs = await openAccount({
      newsroom: (newsroom) => ({ ...newsroom, mail: { ...newsroom.mail, discreet: true, renewal_receipts: false } }),
    });
    const id = await theirs.given(MONTHLY);
    await theirs.days(32);
    expect(await theirs.paymentRows(id)).toHaveLength(2);
    expect(await mailsOf(theirs.app.db, id)).toMatchObject([{ kind: "recurring_started", discreet: true }]);
  });

  test("discreet, and no mail at all", async () => {
    const discreet = await here.given({ discreet: true });
    expect(await mailsOf(here.app.db, discreet)).toMatchObject([{ discreet: true }]);
    const silent = await monthly({ no_mail: true });
    await renew(silent.id);
    await here.stripe.subscriptions.cancel(silent.subscription);
    await here.settle();
    expect(await mailsOf(here.app.db, silent.id)).toEqual([]);
  });

  test("a form's tick is as good", async () => {
    const body = { frequency: "once", currency: "USD", amount_once: "2500", no_mail: "on", locale: "en" };
    const answer = await fetch(`${here.app.url}/v1/checkout-sessions`, {
      method: "POST",
      body: new URLSearchParams(body),
      redirect: "manual",
    });
    await onStripesPage(answer.headers.get("location") ?? "", "pay");
    await here.settle();
    const rows = await here.app.db.selectFrom("donations").select("id").where("no_mail", "=", true).execute();
    for (const { id } of rows) expect(await mailsOf(here.app.db, id)).toEqual([]);
    expect(rows.length).toBeGreaterThan(0);
  });

  test("a code that was made before readers could want none opens as ever", () => {
    const { vault } = here.app.deps;
    const values = [2500, false, "de", "DE", true, false, ...Array.from({ length: 11 }, () => null)];
    const text = deflateRawSync(JSON.stringify(values)).toString("base64");
    const code = vault.seal(text, "stripe.metadata.attribution:a-gift").toString("base64url");
    expect(decodeAttribution(vault, "a-gift", code)).toMatchObject({
      chosen_amount: 2500,
      discreet: true,
      no_mail: null,
    });
  });

  test("of a database that was lost, the code at Stripe still knows who wants none", async () => {
    const id = await here.given({ no_mail: true });
    await sql`delete from payment_movements where donation_id = ${id}`.execute(here.app.db);
    for (const table of ["payments", "consents", "checkouts"]) {
      await sql`delete from ${sql.table(table)} where donation_id = ${id}`.execute(here.app.db);
    }
    await here.app.db.deleteFrom("donations").where("id", "=", id).execute();
    await rebuildBooks(here.app.background);
    expect(await here.donationOf(id)).toMatchObject({ origin: "stripe", no_mail: true });
  });
});
