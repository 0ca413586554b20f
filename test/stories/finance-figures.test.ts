import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import {
  change,
  count,
  dayName,
  money,
  monthName,
  percent,
  plain,
  shortMoney,
} from "../../src/reports/pages/figures.ts";
import { keptCounts } from "../../src/reports/pages/kept-counts.ts";
import { lineName } from "../../src/reports/pages/payout.page.ts";
import type { RecurringCount } from "../../src/reports/recurring.queries.ts";
import type { TestApp } from "../support/app.ts";

describe("how pages for staff write figures", () => {
  test.each([
    [123_456, "USD", "$1,234.56"],
    [-1999, "EUR", "-€19.99"],
    [123_456, "JPY", "¥123,456"],
    [1_234_560, "KWD", "KWD\u00a01,234.560"],
    [500_000, "ISK", "ISK\u00a05,000"],
    [123_456, "UGX", "UGX\u00a01,234.56"],
    [0, "USD", "$0.00"],
    [null, "USD", "–"],
    [9_007_199_254_740_991, "USD", "$90,071,992,547,409.91"],
  ])("%s minor units of %s", (amount, currency, text) => {
    expect(money(amount, currency)).toBe(text);
  });

  test("what differs from Stripe, and what a payout's line is, without a word of code", () => {
    expect(plain({ status: "past_due", ids: ["re_1", "re_2"], none: [], canceled_at: null })).toBe(
      "status past_due; ids re_1, re_2; none –; canceled at –",
    );
    const line = (kind: "payment" | "refund" | "dispute" | "not_gifts", amount: number) =>
      lineName({ kind, amount, reporting_category: "network_cost" });
    expect([line("payment", 5), line("refund", -5), line("refund", 5)]).toEqual([
      ...["Gift", "Refund", "Refund that failed"],
    ]);
    expect([line("dispute", -5), line("dispute", 5), line("not_gifts", 5)]).toEqual([
      ...["Dispute", "Dispute money that came back", "Not a gift: network cost"],
    ]);
  });

  test("at an axis in short", () => {
    expect([0, 500, 1_250_000, -200_000].map((amount) => shortMoney(amount, "USD"))).toEqual([
      ...["$0", "$5", "$12.5K", "-$2K"],
    ]);
    expect([shortMoney(1_000_000, "JPY"), shortMoney(2_000_000, "KWD")]).toEqual(["¥1M", "KWD\u00a02K"]);
  });

  test("counts, shares, changes, days", () => {
    expect([count(12_345), count(null), percent(0.0333), percent(null), percent(1)]).toEqual([
      ...["12,345", "–", "3.3%", "–", "100%"],
    ]);
    expect([change(150, 100), change(50, 100), change(100, 100), change(5, 0), change(0, -5)]).toEqual([
      ...["+50%", "-50%", "0%", "–", "–"],
    ]);
    expect([monthName("2026-09-01"), dayName("2026-09-04")]).toEqual(["Sep\u00a02026", "4\u00a0Sep\u00a02026"]);
  });
});

describe("recurring gifts are counted once for all who look", () => {
  const deps = { now: () => new Date(), log: { warn: () => {} } } as unknown as TestApp["deps"];
  const counter = (ms: number, fails: () => boolean = () => false) => {
    let times = 0;
    const counts = keptCounts(deps, async (): Promise<readonly RecurringCount[]> => {
      times += 1;
      const gifts = times;
      await sleep(ms);
      if (fails()) throw new Error("No.");
      return [{ kind: "new", currency: "USD", month: 1, started: null, gifts, monthly: 0, annual: 0 }];
    });
    const see = async (last = 1, zone = "UTC") => (await counts(last, zone))?.counts[0]?.gifts ?? null;
    return { see, times: () => times };
  };

  test("a quick count is made for each page, and shared by those who come while it runs", async () => {
    const { see } = counter(30);
    expect(await Promise.all([see(), see(), see()])).toEqual([1, 1, 1]);
    expect(await see()).toBe(2);
  });

  test("a longer one serves for a while; another month or time zone is counted anew", async () => {
    const { see } = counter(300);
    expect([await see(), await see()]).toEqual([1, 1]);
    expect(await see(2)).toBe(2);
    expect(await see(2, "Europe/Berlin")).toBe(3);
  });

  test("no page waits for a long one: it is there for the next", async () => {
    const { see, times } = counter(1_300);
    expect(await Promise.all([see(), see()])).toEqual([null, null]);
    await sleep(500);
    expect([await see(), times()]).toEqual([1, 1]);
  });

  test("one that fails after long isn't begun anew for each page", async () => {
    const { see, times } = counter(300, () => true);
    await expect(see()).rejects.toThrow("No.");
    await expect(see()).rejects.toThrow("No.");
    expect(times()).toBe(1);
  });

  test("one that fails is tried again by the next page", async () => {
    let broken = true;
    const { see } = counter(10, () => broken);
    await expect(see()).rejects.toThrow("No.");
    broken = false;
    expect(await see()).toBe(2);
  });
});
