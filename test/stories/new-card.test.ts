import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { queueTimedMails } from "../../src/donations/mails/timed.ts";
import { fixLink } from "../../src/mail/gift-links.ts";
import { stripeOrigins } from "../../src/stripe/pages.ts";
import { type Account, openAccount } from "../support/account.ts";
import { mailsOf } from "../support/gift-mails.ts";

let here: Account;
let close: () => Promise<void>;
beforeAll(async () => {
  here = await openAccount({}, (end) => {
    close = end;
  });
});
afterAll(() => close());

const MONTHLY = { frequency: "monthly", amount: 1000 };
const fixOf = (id: string) => fixLink(here.app.deps.config, here.app.deps.vault, id);

async function visit(url: string, init: RequestInit = {}) {
  const answer = await fetch(url, { redirect: "manual", ...init });
  const { status, headers } = answer;
  return { status, headers, text: await answer.text(), location: headers.get("location") ?? "" };
}

const press = (url: string, fields: Record<string, string> = {}) =>
  visit(url, { method: "POST", body: new URLSearchParams(fields) });

/** A gift whose card ends with next month, and what Stripe knows of it. */
async function givenEndingCard() {
  const id = await here.given(MONTHLY);
  const { stripe_customer: customer, stripe_subscription: subscription } = await here.donationOf(id);
  const end = new Date(here.app.clock.now());
  end.setUTCMonth(end.getUTCMonth() + 1, 1);
  const month = { exp_year: end.getUTCFullYear(), exp_month: end.getUTCMonth() + 1 };
  const [old] = (await here.stripe.paymentMethods.list({ customer: customer ?? "" })).data;
  await here.control(`payment_methods/${old?.id}`, month);
  return { id, customer: customer ?? "", subscription: subscription ?? "", old: old?.id ?? "" };
}

async function toldOfCard(id: string): Promise<number> {
  while ((await queueTimedMails(here.app.background)) > 0);
  return (await mailsOf(here.app.db, id)).filter((mail) => mail.kind === "card_expiring").length;
}

const paidWith = async (customer: string) =>
  (await here.stripe.charges.list({ customer, limit: 1 })).data[0]?.payment_method;

describe("a card that ends", () => {
  test("is changed at Stripe: the next payment is taken from the new one, and nobody is told of the old one", async () => {
    const gift = await givenEndingCard();
    const fix = fixOf(gift.id);
    expect((await visit(fix)).text).toContain("enter another card");
    const { status, location } = await press(fix);
    expect(status).toBe(303);
    expect(location).toMatch(new RegExp(`^${here.app.standIn.url}/p/session/bps_`));
    expect((await here.stripe.subscriptions.retrieve(gift.subscription)).status).toBe("active");

    const page = await visit(location);
    expect(page.text).toContain("Pay with this card from now on");
    expect(page.headers.get("content-security-policy")).toContain(`form-action 'self' ${here.app.url}`);
    const back = await press(location, { outcome: "new_card", card: "mastercard" });
    expect(back).toMatchObject({ status: 303, location: `${fix}/done` });
    const done = await visit(back.location);
    expect(done.status).toBe(200);
    expect(done.text).toContain("If you entered another card");
    expect(done.text).not.toContain("<button");

    await here.settle();
    const { data } = await here.stripe.paymentMethods.list({ customer: gift.customer });
    expect(data.map((method) => method.card?.last4)).toEqual(["4444", "4242"]);
    await here.days(32);
    expect(await paidWith(gift.customer)).toBe(data[0]?.id);
    expect((await here.paymentRows(gift.id)).map((row) => row.status)).toEqual(["paid", "paid"]);
    expect(await toldOfCard(gift.id)).toBe(0);
    const kinds = (await mailsOf(here.app.db, gift.id)).map((mail) => mail.kind);
    expect(kinds.filter((kind) => kind !== "renewal_receipt")).toEqual(["recurring_started"]);
    expect(here.app.logged()).not.toContain("bps_");
  });

  test("stays as it is when the reader turns back, and is told of", async () => {
    const gift = await givenEndingCard();
    const { location } = await press(fixOf(gift.id));
    expect(await press(location, { outcome: "cancel" })).toMatchObject({ status: 303, location: fixOf(gift.id) });
    await here.days(32);
    expect(await paidWith(gift.customer)).toBe(gift.old);
    expect(await toldOfCard(gift.id)).toBe(1);
  });

  test("that is changed after the mail was written isn't told of any more", async () => {
    const [changed, same] = [await givenEndingCard(), await givenEndingCard()];
    await here.days(30);
    expect(await toldOfCard(changed.id)).toBe(1);
    expect(await toldOfCard(same.id)).toBe(1);
    await press((await press(fixOf(changed.id))).location, { outcome: "new_card" });
    await here.settle();
    await here.app.mails();
    const ends = async (id: string) =>
      (await mailsOf(here.app.db, id)).flatMap(({ kind, state, reason }) =>
        kind === "card_expiring" ? [{ state, reason }] : [],
      );
    expect(await ends(changed.id)).toEqual([{ state: "suppressed", reason: "card_replaced" }]);
    expect(await ends(same.id)).toEqual([{ state: "sent", reason: null }]);
  });
});

describe("Stripe's page for another card", () => {
  test.each(["/v1/subscriptions", "/v1/customers", "/v1/billing_portal/configurations", "/v1/billing_portal/sessions"])(
    "a failure of %s is said, and the next press works",
    async (path) => {
      const id = await here.given(MONTHLY);
      const { stripe_subscription: subscription, stripe_customer: customer } = await here.donationOf(id);
      const own = { "/v1/subscriptions": `/${subscription}`, "/v1/customers": `/${customer}` }[path] ?? "";
      here.app.standIn.failNext({ kind: "status", status: 500, times: 1, path: `${path}${own}` });
      const page = await press(fixOf(id));
      expect(page.status).toBe(503);
      expect(page.headers.get("retry-after")).toBe("5");
      expect(page.text).toContain("can’t be reached right now");
      expect(page.text).toContain("<button");
      expect((await press(fixOf(id))).status).toBe(303);
    },
  );

  test("cut off halfway, the gift is paid as before", async () => {
    const id = await here.given(MONTHLY);
    const { stripe_customer: customer } = await here.donationOf(id);
    here.app.standIn.failNext({ kind: "status", status: 500, times: 1, path: "/v1/billing_portal/sessions" });
    expect((await press(fixOf(id))).status).toBe(503);
    await here.days(32);
    expect((await here.paymentRows(id)).map((row) => row.status)).toEqual(["paid", "paid"]);
    expect(await paidWith(customer ?? "")).toMatch(/^pm_/);
  });

  test("a gift that is over has none", async () => {
    const id = await here.given(MONTHLY);
    await here.stripe.subscriptions.cancel((await here.donationOf(id)).stripe_subscription ?? "");
    await here.settle();
    for (const page of [await press(fixOf(id)), await visit(`${fixOf(id)}/done`)]) {
      expect(page.status).toBe(200);
      expect(page.text).toContain("nothing is owed");
    }
    expect((await visit(`${fixOf(id).slice(0, -2)}/done`)).status).toBe(404);
  });

  test("Stripe is named as a place that the form may lead to", async () => {
    const page = await visit(fixOf(await here.given(MONTHLY)));
    expect(page.headers.get("content-security-policy")).toContain(here.app.standIn.url);
    expect(stripeOrigins(null)).toContain("https://billing.stripe.com");
  });
});
