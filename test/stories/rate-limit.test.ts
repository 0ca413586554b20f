import type { AddressInfo, Socket } from "node:net";
import { createServer } from "node:net";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { compose } from "../../src/compose.ts";
import type { LimitName, Limits } from "../../src/http/limiter.ts";
import { forgetLimits } from "../../src/http/rate-limit.queries.ts";
import { clientOf } from "../../src/http/rate-limit.ts";
import type { AppError } from "../../src/shared/errors.ts";
import { RATE_LIMITS } from "../../src/shared/limits.ts";
import { startApp, type TestApp } from "../support/app.ts";
import { start } from "../support/giving.ts";
import { expectProblem } from "../support/problems.ts";
import { postReminder, remind, someone } from "../support/reminders.ts";
import { startSecondApp } from "../support/second-app.ts";

let app: TestApp;
beforeAll(async () => {
  app = await startApp({ config: { trustProxy: 1 } });
});
afterAll(() => app.close());

let clients = 0;
/** A client that nobody else in this file is. */
function someClient(): string {
  clients += 1;
  return `203.0.113.${clients}`;
}

const from = (client: string) => ({ "x-forwarded-for": client });

/** Everything but a few of what that client has. */
async function use(limits: Limits, name: LimitName, who: string, left: number): Promise<void> {
  for (let n = RATE_LIMITS[name].points; n > left; n--) await limits.count(name, who);
}

describe("a client that comes by too often", () => {
  test("is turned away with the time to wait; another one isn't", async () => {
    const client = someClient();
    await use(app.deps.limits, "reminder_client", client, 1);
    await remind(app, { email: someone() }, from(client));
    const refused = await postReminder(app, { email: someone(), in_months: 1 }, from(client));
    const wait = Number(refused.headers.get("retry-after"));
    expect(wait).toBeGreaterThan(0);
    expect(wait).toBeLessThanOrEqual(RATE_LIMITS.reminder_client.seconds);
    await expectProblem(refused, { status: 429, code: "rate_limited" });
    await remind(app, { email: someone() }, from(someClient()));
  });

  test("is the same to all processes", async () => {
    const other = await startSecondApp(app, { trustProxy: 1 });
    onTestFinished(() => other.close());
    const client = someClient();
    await use(app.deps.limits, "reminder_client", client, 1);
    await remind(other, { email: someone() }, from(client));
    for (const each of [app, other])
      expect((await postReminder(each, { email: someone(), in_months: 1 }, from(client))).status).toBe(429);
  });

  test("can't hide behind an X-Forwarded-For of its own, nor put another one in its place (support-frontend #8179)", async () => {
    const client = someClient();
    const victim = someClient();
    await use(app.deps.limits, "reminder_client", client, 0);
    const spoofed = { "x-forwarded-for": `${victim}, ${client}` };
    expect((await postReminder(app, { email: someone(), in_months: 1 }, spoofed)).status).toBe(429);
    const direct = await startSecondApp(app, { trustProxy: null });
    onTestFinished(() => direct.close());
    await remind(direct, { email: someone() }, from(client));
  });

  test("hears of it on the page too, in its language, and keeps what it typed", async () => {
    const client = someClient();
    await use(app.deps.limits, "reminder_client", client, 0);
    const answer = await fetch(`${app.url}/v1/reminders`, {
      method: "POST",
      headers: from(client),
      body: new URLSearchParams({ locale: "de", when: "1", email: "reader@example.org" }),
    });
    expect([answer.status, Number(answer.headers.get("retry-after")) > 0]).toEqual([429, true]);
    const page = await answer.text();
    expect(page).toContain("Das waren zu viele Versuche.");
    expect(page).toContain('value="reader@example.org"');
  });

  test("starts no more checkouts (newspack-blocks #1209, givewp #5258), and what isn't whole doesn't count", async () => {
    const client = someClient();
    await use(app.deps.limits, "checkout_client", client, 1);
    for (let n = 0; n < 3; n++) expect((await start(app, { frequency: "once" }, from(client))).status).toBe(400);
    const gift = { frequency: "once", amount: 2500, currency: "USD" };
    expect((await start(app, gift, from(client))).status).toBe(201);
    const refused = await start(app, gift, from(client));
    expect(refused.headers.has("retry-after")).toBe(true);
    await expectProblem(refused, { status: 429, code: "rate_limited" });
  });

  test.each([
    ["203.0.113.7", "203.0.113.7"],
    ["::ffff:203.0.113.7", "203.0.113.7"],
    ["2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"],
    ["2001:0db8:0001:0002::1", "2001:db8:1:2::/64"],
    ["2001:db8::1", "2001:db8:0:0::/64"],
    ["::1", "0:0:0:0::/64"],
    ["fe80::1%eth0", "fe80:0:0:0::/64"],
    [undefined, "unknown"],
  ])("%s is %s", (ip, client) => {
    expect(clientOf(ip)).toBe(client);
  });
});

describe("an address that is named too often", () => {
  test("is turned away from whatever client, at a number that tells nothing of others who named it", async () => {
    const { points, spread } = RATE_LIMITS.reminder_address;
    const most = async (email: string) => {
      for (let n = 0; ; n++) {
        const answer = await postReminder(app, { email, in_months: 1 }, from(someClient()));
        if (answer.status === 201) continue;
        await expectProblem(answer, { status: 429, code: "rate_limited" });
        return n;
      }
    };
    const numbers = await Promise.all(Array.from({ length: 6 }, () => most(someone())));
    expect(Math.max(...numbers)).toBeLessThanOrEqual(points);
    expect(Math.min(...numbers)).toBeGreaterThan(points - spread);
    expect(new Set(numbers).size).toBeGreaterThan(1);
  });
});

describe("the counters", () => {
  test("hold neither a client's address nor a reader's, and go when their time is over", async () => {
    const client = someClient();
    const email = someone();
    await remind(app, { email }, from(client));
    const rows = await app.db.selectFrom("rate_limits").selectAll().execute();
    for (const { key } of rows) expect(key).toMatch(/^[a-z_]+:[\w-]{43}$/);
    await app.db
      .updateTable("rate_limits")
      .set({ expire: Date.now() - 1 })
      .execute();
    expect(await forgetLimits(app.db)).toBe(rows.length);
  });

  test.each([
    ["refuses", false],
    ["never answers", true],
  ])(
    "are this process's own while their database %s, and a reader waits for it less than a second",
    async (_, hangs) => {
      const sockets: Socket[] = [];
      const hole = createServer((socket) => void sockets.push(socket));
      await new Promise<void>((resolve) => hole.listen(0, "127.0.0.1", resolve));
      const { port } = hole.address() as AddressInfo;
      if (!hangs) await new Promise((resolve) => hole.close(resolve));
      const composed = await compose(
        { ...app.settings, config: { ...app.settings.config, databaseUrl: `postgres://x:x@127.0.0.1:${port}/x` } },
        {
          name: "limits",
          connections: 1,
          url: app.databaseUrl,
          log: app.deps.log,
          newsroom: { current: app.deps.newsroom, close: () => {} },
        },
      );
      const { limits } = composed.deps;
      const client = someClient();
      await limits.count("reminder_client", client);
      const counted = await Promise.allSettled(
        Array.from({ length: RATE_LIMITS.reminder_client.points }, () => limits.count("reminder_client", client)),
      );
      const refused = counted.filter((each) => each.status === "rejected").map((each) => each.reason as AppError);
      expect(refused.map(({ code }) => code)).toEqual(["rate_limited"]);
      expect(app.logged()).toContain("counted by this process alone");
      hole.close();
      await composed.close();
    },
  );
});
