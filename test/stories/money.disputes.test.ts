import { describe, expect, test } from "vitest";
import { type Account, expectBooksToAddUp, openAccount } from "../support/account.ts";
import { onStripesPage, type Start, start } from "../support/giving.ts";

/** Stripe's fee on 50.00 USD is 1.75, and 15.00 on a dispute. */
const GIFT = { amount: 5000 };
const FEE = 175;
const DISPUTE_FEE = 1500;

interface Opened {
  readonly id: string;
  readonly charge: string;
}

async function disputed(here: Account, donationId: string, body: object = {}): Promise<Opened> {
  const charge = await here.chargeOf(donationId);
  const { id } = await here.control("disputes", { charge, ...body });
  return { id, charge };
}

async function mirrored(here: Account, id: string) {
  return await here.app.db.selectFrom("stripe_disputes").selectAll().where("id", "=", id).executeTakeFirstOrThrow();
}

const HELD = {
  ...{ frequency: "once", currency: "USD", donations: 1, payments: 1, gross: 5000, refunded: 0, disputed: 5000 },
  ...{ fees: FEE + DISPUTE_FEE, net: -(FEE + DISPUTE_FEE) },
};
const BACK = { ...HELD, disputed: 0, fees: FEE, net: 5000 - FEE };

describe("a dispute", () => {
  test("holds the money and its fee from the first day, with the day by which to answer", async () => {
    const here = await openAccount();
    const id = await here.given(GIFT);
    const dispute = await disputed(here, id, { reason: "subscription_canceled" });
    expect(await here.payments(id)).toMatchObject([
      { status: "paid", amount: 5000, refunded: 0, disputed: 5000, settled_gross: 5000, fee: FEE, net: 5000 - FEE },
    ]);
    expect(await here.donationOf(id)).toMatchObject({ status: "paid" });
    expect(await here.summary()).toEqual([HELD]);
    const row = await mirrored(here, dispute.id);
    expect(row).toMatchObject({
      ...{ status: "needs_response", reason: "subscription_canceled", amount: 5000, currency: "USD" },
      ...{ charge_id: dispute.charge, has_evidence: false, submission_count: 0 },
    });
    const stated = await here.stripe.disputes.retrieve(dispute.id);
    expect(row.due_by).toEqual(new Date((stated.evidence_details.due_by ?? 0) * 1000));
    expect(+(row.due_by ?? 0) - +row.created).toBeGreaterThan(7 * 86_400_000);
    expect(await here.journal()).toEqual({
      ...{ disputes: 5000, gifts_once: -5000, payment_fees: FEE + DISPUTE_FEE, stripe_balance: -(FEE + DISPUTE_FEE) },
    });
    await expectBooksToAddUp(here);
  });

  test("that is won gives back the money and the fee, in the month in which it is won", async () => {
    const here = await openAccount();
    const id = await here.given(GIFT);
    const dispute = await disputed(here, id);
    await here.control(`disputes/${dispute.id}`, { to: "under_review" });
    expect(await here.summary()).toEqual([HELD]);
    await here.days(40);
    await here.control(`disputes/${dispute.id}`, { to: "won" });
    expect(await here.payments(id)).toMatchObject([{ status: "paid", disputed: 0, net: 5000 - FEE }]);
    expect(await here.summary()).toEqual([BACK]);
    const months = await here.summary("month");
    expect(months.map(({ payments, gross, disputed, fees, net }) => [payments, gross, disputed, fees, net])).toEqual([
      [1, 5000, 5000, FEE + DISPUTE_FEE, -(FEE + DISPUTE_FEE)],
      [0, 0, -5000, -DISPUTE_FEE, 5000 + DISPUTE_FEE],
    ]);
    await expectBooksToAddUp(here);
  });

  test("that is lost stays lost, and one that is reopened and won comes back", async () => {
    const here = await openAccount();
    const id = await here.given(GIFT);
    const dispute = await disputed(here, id);
    await here.control(`disputes/${dispute.id}`, { to: "lost" });
    expect(await here.payments(id)).toMatchObject([{ disputed: 5000 }]);
    expect(await here.summary()).toEqual([HELD]);
    expect((await mirrored(here, dispute.id)).status).toBe("lost");

    await here.days(3);
    await here.control(`disputes/${dispute.id}`, { to: "appeal_needs_response" });
    expect((await mirrored(here, dispute.id)).status).toBe("appeal_needs_response");
    expect(await here.summary()).toEqual([HELD]);
    await here.days(3);
    await here.control(`disputes/${dispute.id}`, { to: "appeal_under_review" });
    await here.days(3);
    await here.control(`disputes/${dispute.id}`, { to: "won" });
    expect((await mirrored(here, dispute.id)).status).toBe("won");
    expect(await here.payments(id)).toMatchObject([{ disputed: 0 }]);
    expect(await here.summary()).toEqual([BACK]);
    await expectBooksToAddUp(here);
  });

  test("that begins as an inquiry moves nothing, and all once it is a dispute", async () => {
    const here = await openAccount();
    const id = await here.given(GIFT);
    const dispute = await disputed(here, id, { kind: "inquiry", reason: "unrecognized" });
    expect(await mirrored(here, dispute.id)).toMatchObject({
      ...{ status: "warning_needs_response", balance_transaction_ids: [] },
      due_by: expect.any(Date),
    });
    expect(await here.payments(id)).toMatchObject([{ disputed: 0 }]);
    expect(await here.summary()).toEqual([BACK]);
    await here.days(2);
    await here.control(`disputes/${dispute.id}`, { to: "needs_response" });
    expect(await here.payments(id)).toMatchObject([{ disputed: 5000 }]);
    expect(await here.summary()).toEqual([HELD]);
    await expectBooksToAddUp(here);
  });

  test("an inquiry that is closed has never moved a cent", async () => {
    const here = await openAccount();
    const id = await here.given(GIFT);
    const dispute = await disputed(here, id, { kind: "inquiry" });
    await here.control(`disputes/${dispute.id}`, { to: "warning_closed" });
    expect((await mirrored(here, dispute.id)).status).toBe("warning_closed");
    expect(await here.payments(id)).toMatchObject([{ disputed: 0 }]);
    expect(await here.summary()).toEqual([BACK]);
    await expectBooksToAddUp(here);
  });

  test("about a part, beside a refund of another: neither hides the other", async () => {
    const here = await openAccount();
    const id = await here.given(GIFT);
    await here.stripe.refunds.create({ charge: await here.chargeOf(id), amount: 1500 });
    await here.settle();
    await disputed(here, id, { amount: 2000 });
    expect(await here.payments(id)).toMatchObject([{ refunded: 1500, disputed: 2000, amount: 5000 }]);
    expect(await here.summary()).toEqual([
      {
        ...HELD,
        ...{ refunded: 1500, disputed: 2000, net: 5000 - 1500 - 2000 - FEE - DISPUTE_FEE },
      },
    ]);
    await expectBooksToAddUp(here);
  });

  test("of a renewal is on that installment and counts as monthly", async () => {
    const here = await openAccount();
    const id = await here.given({ frequency: "monthly", amount: 1000 });
    await here.days(32);
    await here.control("disputes", { charge: await here.chargeOf(id, 2) });
    expect((await here.payments(id)).map((row) => row.disputed)).toEqual([0, 1000]);
    expect(await here.summary()).toMatchObject([
      { frequency: "monthly", payments: 2, gross: 2000, disputed: 1000, fees: 118 + DISPUTE_FEE },
    ]);
    await expectBooksToAddUp(here);
  });

  test("liberapay #1421: of a bank debit, weeks after it settled, is not missed", async () => {
    const here = await openAccount();
    const answer = await start(here.app, { frequency: "once", amount: 3000, currency: "EUR" });
    const { id, url } = (await answer.json()) as Start;
    await onStripesPage(url, "pay_later");
    await here.days(30);
    const [before] = await here.payments(id);
    const dispute = await disputed(here, id, { reason: "debit_not_authorized" });
    expect(await here.payments(id)).toMatchObject([
      { payment_method: "sepa_debit", status: "paid", currency: "EUR", disputed: 3000 },
    ]);
    const [row] = await here.summary();
    expect(row).toMatchObject({ gross: before?.settled_gross, disputed: before?.settled_gross });
    expect(row?.net).toBe(0 - Number(before?.fee) - DISPUTE_FEE);
    await here.control(`disputes/${dispute.id}`, { to: "lost" });
    expect(await here.payments(id)).toMatchObject([{ disputed: 3000 }]);
    await expectBooksToAddUp(here);
  });

  test("told in reverse ends as it is at Stripe", async () => {
    const here = await openAccount();
    const id = await here.given(GIFT);
    const charge = await here.chargeOf(id);
    here.app.standIn.deliveries.hold();
    const { id: dispute } = here.app.standIn.control("POST", "/disputes", { charge }) as { id: string };
    await here.app.standIn.advance(60_000);
    here.app.standIn.control("POST", `/disputes/${dispute}`, { to: "lost" });
    await here.app.standIn.advance(60_000);
    here.app.standIn.control("POST", `/disputes/${dispute}`, { to: "won" });
    await here.app.standIn.deliveries.release("reverse", { copies: 2 });
    await here.settle();
    expect((await mirrored(here, dispute)).status).toBe("won");
    expect(await here.summary()).toEqual([BACK]);
    expect(await here.payments(id)).toMatchObject([{ disputed: 0 }]);
    await expectBooksToAddUp(here);
  });
});
