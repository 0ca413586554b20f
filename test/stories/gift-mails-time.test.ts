import { sql } from "kysely";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { queueTimedMails } from "../../src/donations/mails/timed.ts";
import { localDate } from "../../src/shared/period.ts";
import { type Account, DAY_MS, openAccount } from "../support/account.ts";
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
const ANNUAL = { frequency: "annual", amount: 12_000 };
const day = (instant: Date) => localDate(instant, "Europe/Berlin");
const now = () => here.app.clock.now();

/** Time goes on and all workers look, several at once. */
async function passes(days: number): Promise<void> {
  await here.days(days);
  let queued: number;
  do {
    const counts = await Promise.all([1, 2, 3].map(() => queueTimedMails(here.app.background)));
    queued = counts.reduce((sum, count) => sum + count, 0);
  } while (queued > 0);
}

const only = async (id: string, kind: string) => (await mailsOf(here.app.db, id)).filter((mail) => mail.kind === kind);

async function periodEnd(id: string): Promise<Date> {
  const row = await here.app.db
    .selectFrom("stripe_subscriptions")
    .select("current_period_end")
    .where("donation_id", "=", id)
    .executeTakeFirstOrThrow();
  return row.current_period_end ?? new Date(0);
}

/** Goes on until so many days before (or, below zero, after) a moment. */
const until = async (moment: Date, daysBefore: number) => await passes((+moment - +now()) / DAY_MS - daysBefore);

async function expiresOn(id: string, year: number, month: number): Promise<void> {
  const { stripe_customer: customer } = await here.donationOf(id);
  const [card] = (await here.stripe.paymentMethods.list({ customer: customer ?? "" })).data;
  await here.control(`payment_methods/${card?.id}`, { exp_year: year, exp_month: month });
}

describe("an annual gift", () => {
  test("is announced once, three weeks before it renews; one that ends, pauses or wants no mail isn't", async () => {
    const id = await here.given(ANNUAL);
    const others = [await here.given(ANNUAL), await here.given(ANNUAL), await here.given({ ...ANNUAL, no_mail: true })];
    const [ending, paused] = await Promise.all(
      others.map(async (each) => (await here.donationOf(each)).stripe_subscription),
    );
    await here.stripe.subscriptions.update(ending ?? "", { cancel_at_period_end: true });
    await here.stripe.subscriptions.update(paused ?? "", { pause_collection: { behavior: "void" } });
    const renews = await periodEnd(id);
    await until(renews, 21.5);
    expect(await only(id, "annual_upcoming")).toEqual([]);
    await until(renews, 20.9);
    const expected = [
      {
        cause: `${id}:${day(renews)}`,
        data: { frequency: "annual", amount: 12_000, currency: "USD", renews_on: day(renews) },
        state: "queued",
      },
    ];
    expect(await only(id, "annual_upcoming")).toMatchObject(expected);
    await until(renews, 3);
    expect(await only(id, "annual_upcoming")).toMatchObject(expected);
    for (const other of others) expect(await only(other, "annual_upcoming")).toEqual([]);
    const { rows } = await sql`select from graphile_worker.jobs where task_identifier = 'send_mail'`.execute(
      here.app.db,
    );
    expect(rows.length).toBeGreaterThan(0);
  });
});

describe("a card that ends", () => {
  test("is told of once, a month before, and not any more once there is another", async () => {
    const [id, replaced, gone] = [await here.given(MONTHLY), await here.given(MONTHLY), await here.given(MONTHLY)];
    const end = new Date(now());
    end.setUTCMonth(end.getUTCMonth() + 3, 1);
    const [year, month] = [end.getUTCFullYear(), end.getUTCMonth() + 1];
    for (const each of [id, replaced, gone]) await expiresOn(each, year, month);
    const lastDay = new Date(Date.UTC(year, month, 1));
    await here.control(`customers/${(await here.donationOf(replaced)).stripe_customer}/card`);
    await until(lastDay, 33);
    for (const each of [id, replaced, gone]) expect(await only(each, "card_expiring")).toEqual([]);
    await here.stripe.subscriptions.cancel((await here.donationOf(gone)).stripe_subscription ?? "");
    await until(lastDay, 29);
    const expires = `${year}-${String(month).padStart(2, "0")}`;
    expect(await only(id, "card_expiring")).toMatchObject([
      { cause: `${id}:${expires}`, data: { frequency: "monthly", amount: 1000, expires, next_on: expect.any(String) } },
    ]);
    await until(lastDay, 10);
    expect(await only(id, "card_expiring")).toHaveLength(1);
    for (const each of [replaced, gone]) expect(await only(each, "card_expiring")).toEqual([]);
  });
});

describe("a year of monthly gifts", () => {
  test("is summed up on its day: what arrived and stayed, in these twelve months", async () => {
    const id = await here.given({ ...MONTHLY, cover_fees: true });
    const began = new Date(now());
    const { amount } = await here.donationOf(id);
    for (let month = 1; month <= 11; month++) {
      await until(await periodEnd(id), -0.5);
      if (month === 4) {
        await here.stripe.refunds.create({ charge: await here.chargeOf(id, 2) });
        await here.stripe.refunds.create({ charge: await here.chargeOf(id, 3), amount: 100 });
      }
    }
    const anniversary = new Date(began);
    anniversary.setUTCFullYear(began.getUTCFullYear() + 1);
    await until(anniversary, 0.4);
    expect(await only(id, "yearly_note")).toEqual([]);
    await until(anniversary, -2);
    expect(await here.paymentRows(id)).toHaveLength(13);
    const expected = [
      {
        data: {
          frequency: "monthly",
          currency: "USD",
          amount,
          since: day(began),
          payments: 11,
          total: 11 * amount - 100,
        },
      },
    ];
    expect(await only(id, "yearly_note")).toMatchObject(expected);
    await until(anniversary, -20);
    expect(await only(id, "yearly_note")).toMatchObject(expected);
  });
});

test("looking again within the hour reads one row", async () => {
  await passes(0);
  const before = await here.app.db.selectFrom("cursors").selectAll().where("name", "=", "timed_mails").execute();
  expect(await queueTimedMails(here.app.background)).toBe(0);
  expect(await here.app.db.selectFrom("cursors").selectAll().where("name", "=", "timed_mails").execute()).toEqual(
    before,
  );
  expect(before).toMatchObject([{ position: expect.any(Date) }]);
});
