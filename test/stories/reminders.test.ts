import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { emailHash } from "../../src/vault/email-hash.ts";
import { startApp, type TestApp } from "../support/app.ts";
import { expectProblem } from "../support/problems.ts";
import { mailsOf, postReminder, press, remind, setTime, someone, stored, work } from "../support/reminders.ts";

let app: TestApp;
beforeAll(async () => {
  app = await startApp();
});
afterAll(() => app.close());

const before = (instant: string) => new Date(Date.parse(instant) - 1000).toISOString();

describe("a reminder comes on the reader's own day, in the morning", () => {
  test.each([
    // Asked for in one offset of the zone, due in another one.
    ["Europe/Berlin", "2027-02-28T12:00:00Z", { in_months: 1 }, "2027-03-28", "2027-03-28T07:00:00.000Z"],
    ["Europe/Berlin", "2027-09-30T12:00:00Z", { in_months: 1 }, "2027-10-30", "2027-10-30T07:00:00.000Z"],
    ["Europe/Berlin", "2027-09-30T22:30:00Z", { in_months: 1 }, "2027-11-01", "2027-11-01T08:00:00.000Z"],
    ["Pacific/Auckland", "2027-01-31T11:30:00Z", { in_months: 1 }, "2027-03-01", "2027-02-28T20:00:00.000Z"],
    ["Pacific/Auckland", "2027-01-31T10:30:00Z", { in_months: 1 }, "2027-02-28", "2027-02-27T20:00:00.000Z"],
    ["Pacific/Auckland", "2027-03-10T00:00:00Z", { in_months: 1 }, "2027-04-10", "2027-04-09T21:00:00.000Z"],
    ["America/Los_Angeles", "2027-02-14T06:00:00Z", { in_months: 1 }, "2027-03-13", "2027-03-13T17:00:00.000Z"],
    ["America/Los_Angeles", "2027-02-14T12:00:00Z", { in_months: 1 }, "2027-03-14", "2027-03-14T16:00:00.000Z"],
    ["America/Los_Angeles", "2027-10-08T00:00:00Z", { on: "2027-11-07" }, "2027-11-07", "2027-11-07T17:00:00.000Z"],
    ["Asia/Kathmandu", "2026-12-31T18:14:00Z", { in_months: 12 }, "2027-12-31", "2027-12-31T03:15:00.000Z"],
    ["Asia/Kathmandu", "2026-12-31T18:15:00Z", { in_months: 12 }, "2028-01-01", "2028-01-01T03:15:00.000Z"],
    // The newsroom's zone, where the reader's isn't known.
    [undefined, "2027-06-30T22:30:00Z", { in_months: 1 }, "2027-08-01", "2027-08-01T07:00:00.000Z"],
  ])("%s, asked at %s for %j: on %s at %s", async (time_zone, now, wish, dueOn, dueAt) => {
    setTime(app, now);
    const answer = await postReminder(app, { email: someone(), time_zone, ...wish });
    expect(answer.status).toBe(201);
    const { id, due_on } = (await answer.json()) as { id: string; due_on: string };
    expect(due_on).toBe(dueOn);
    setTime(app, before(dueAt));
    await work(app);
    expect((await stored(app, id)).state).toBe("pending");
    setTime(app, dueAt);
    await work(app);
    expect((await stored(app, id)).state).toBe("queued");
    expect(await mailsOf(app, id)).toMatchObject([{ kind: "reminder", cause: id, state: "queued" }]);
  });

  test.each([
    ["2027-01-31T12:00:00Z", 1, "2027-02-28"],
    ["2028-01-31T12:00:00Z", 1, "2028-02-29"],
    ["2027-12-31T12:00:00Z", 1, "2028-01-31"],
    ["2027-05-31T12:00:00Z", 1, "2027-06-30"],
    ["2028-02-29T12:00:00Z", 12, "2029-02-28"],
  ])("from %s, %i months later is %s", async (now, in_months, dueOn) => {
    setTime(app, now);
    expect((await remind(app, { email: someone(), in_months })).due_on).toBe(dueOn);
  });

  test("support-reminders: a 31 December sign-up skipped February", async () => {
    setTime(app, "2026-12-31T12:00:00Z");
    const months = await Promise.all(
      [1, 2, 3].map(async (in_months) => (await remind(app, { email: someone(), in_months })).due_on),
    );
    expect(months).toEqual(["2027-01-31", "2027-02-28", "2027-03-31"]);
  });

  test("never at night: a worker that was down by day waits for the next morning of the reader", async () => {
    setTime(app, "2027-04-01T12:00:00Z");
    const { id } = await remind(app, { email: someone(), on: "2027-05-01", time_zone: "America/Los_Angeles" });
    setTime(app, "2027-05-02T03:30:00Z");
    await work(app);
    expect(await stored(app, id)).toMatchObject({ state: "pending", due_at: new Date("2027-05-02T16:00:00Z") });
    setTime(app, "2027-05-02T16:00:00Z");
    await work(app);
    expect((await stored(app, id)).state).toBe("queued");
  });

  test("the mail knows what the reader thought of giving, and when they asked", async () => {
    setTime(app, "2027-04-01T23:30:00Z");
    const gift = { frequency: "monthly", amount: 1000, currency: "EUR", locale: "de-AT" };
    const { id } = await remind(app, { email: someone(), on: "2027-05-01", time_zone: "Europe/Madrid", ...gift });
    setTime(app, "2027-05-01T09:00:00Z");
    await work(app);
    const [mail] = await mailsOf(app, id);
    expect(mail).toMatchObject({ locale: "de", donation_id: null, to_sealed: null, to_hash: null });
    expect(mail?.data).toEqual({ frequency: "monthly", amount: 1000, currency: "EUR", asked_on: "2027-04-02" });
  });

  test("nothing is queued while the newsroom has paused its mail, and it goes out afterwards", async () => {
    const { id } = await remind(app, { email: someone() });
    setTime(app, "2099-01-01T12:00:00Z");
    const newsroom = app.deps.newsroom();
    const paused = {
      ...app,
      background: { ...app.background, newsroom: () => ({ ...newsroom, mail: { ...newsroom.mail, paused: true } }) },
    };
    await work(paused);
    expect((await stored(app, id)).state).toBe("pending");
    await work(app);
    expect((await stored(app, id)).state).toBe("queued");
  });
});

describe("before it says yes", () => {
  const good = { email: "reader@example.org", in_months: 1 };

  test.each([
    ["no address", { in_months: 1 }, ["email"]],
    ["no date", { email: "reader@example.org" }, ["in_months"]],
    ["two dates", { ...good, on: "2027-01-01" }, ["on"]],
    [
      "support-reminders: reminderFrequencyMonths: 0 broke the daily run for everyone",
      { ...good, in_months: 0 },
      ["in_months"],
    ],
    ["thirteen months", { ...good, in_months: 13 }, ["in_months"]],
    ["half a month", { ...good, in_months: 1.5 }, ["in_months"]],
    ["months as text", { ...good, in_months: "1" }, ["in_months"]],
    ["a day that isn't", { email: good.email, on: "2027-02-29" }, ["on"]],
    ["an instant for a day", { email: good.email, on: "2027-02-28T00:00:00Z" }, ["on"]],
    ["no time zone", { ...good, time_zone: "Mars/Olympus" }, ["time_zone"]],
    ["an offset for a time zone", { ...good, time_zone: "+02:00" }, ["time_zone"]],
    ["an unknown field", { ...good, emial: "x" }, ["emial"]],
    ["an amount of nothing", { ...good, amount: 500 }, ["frequency", "currency"]],
    ["an address with on_site", { ...good, channel: "on_site" }, ["email"]],
    ["a channel that isn't", { ...good, channel: "sms" }, ["channel"]],
    [
      "a javascript: article",
      { ...good, attribution: { article_url: "javascript:alert(1)" } },
      ["attribution.article_url"],
    ],
    ["not an object", "[]", [""]],
  ])("refuses %s", async (_, body, paths) => {
    await expectProblem(await postReminder(app, body as object), { status: 400, code: "invalid_request", paths });
  });

  test.each([
    "reader",
    "reader@",
    "@example.org",
    "reader@localhost",
    "reader@example..org",
    "reader@-example.org",
    "reader@127.0.0.1",
    "reader@[127.0.0.1]",
    "a@b@example.org",
    "reader@example.org\r\nBcc: all@example.org",
    "reader\n@example.org",
    "reader@exam\u0000ple.org",
    "Reader <reader@example.org>",
    "reader@example.org,other@example.org",
    "reader@example.org/path",
    "reader@example.org:25",
    "reader@%65xample.org",
    ".reader@example.org",
    "rea..der@example.org",
    "rea der@example.org",
    '"rea der"@example.org',
    `${"r".repeat(65)}@example.org`,
    `reader@${`${"x".repeat(60)}.`.repeat(5)}org`,
    "",
  ])("refuses the address %j", async (email) => {
    const problem = await expectProblem(await postReminder(app, { ...good, email }), {
      status: 400,
      code: "invalid_request",
      paths: ["email"],
    });
    expect(JSON.stringify(problem)).not.toContain("example.org");
  });

  test.each([
    ["Reader+news@Example.ORG", "Reader+news@example.org"],
    [" reader@example.org ", "reader@example.org"],
    ["reader@bücher.example", "reader@xn--bcher-kva.example"],
    ["o'brien@sub.example.co", "o'brien@sub.example.co"],
    ["reader@пример.рф", "reader@xn--e1afmkfd.xn--p1ai"],
  ])("takes the address %s", async (email, kept) => {
    const { id } = await remind(app, { email });
    const { address_sealed } = await stored(app, id);
    expect(app.deps.vault.open(address_sealed as Buffer, `reminders.address_sealed:${id}`)).toBe(kept);
  });

  test("one address is one, however it is written", () => {
    const hash = (email: string) => emailHash(app.deps.vault, email).toString("hex");
    expect(hash("reader@BÜCHER.example")).toBe(hash(" Reader@xn--bcher-kva.example"));
    expect(hash("reader@example.org")).not.toBe(hash("reader+1@example.org"));
  });

  test.each(["2027-06-15", "2027-06-14", "2020-01-01", "2028-06-16", "2199-12-31"])(
    "support-reminders: validated after saying yes: %s is no day to be asked again",
    async (on) => {
      setTime(app, "2027-06-15T10:00:00Z");
      const email = someone();
      const answer = await postReminder(app, { email, on, time_zone: "Europe/Berlin" });
      await expectProblem(answer, { status: 422, code: "date_out_of_range", paths: ["on"] });
      const { n } = await app.db
        .selectFrom("reminders")
        .select(({ fn }) => fn.countAll<number>().as("n"))
        .where("address_hash", "=", emailHash(app.deps.vault, email))
        .executeTakeFirstOrThrow();
      expect(n).toBe(0);
    },
  );

  test("tomorrow and a year away are days of the reader, not of the newsroom", async () => {
    setTime(app, "2027-06-15T10:30:00Z");
    const zone = { time_zone: "Pacific/Kiritimati" };
    for (const on of ["2027-06-17", "2028-06-16"]) await remind(app, { email: someone(), on, ...zone });
    for (const on of ["2027-06-16", "2028-06-17"])
      expect((await postReminder(app, { email: someone(), on, ...zone })).status).toBe(422);
  });

  test.each([
    ["amount_below_minimum", { frequency: "monthly", amount: 199, currency: "USD" }, "amount"],
    ["amount_above_maximum", { frequency: "once", amount: 1_000_001, currency: "USD" }, "amount"],
    ["currency_not_supported", { frequency: "once", amount: 1000, currency: "CHF" }, "currency"],
    ["currency_not_supported", { currency: "CHF" }, "currency"],
  ])("refuses what could not be given: %s", async (code, gift, path) => {
    await expectProblem(await postReminder(app, { ...good, ...gift }), { status: 422, code, paths: [path] });
  });

  test("a newsroom that sends none, and a blocked country", async () => {
    const closed = await startApp({
      newsroom: (n) => ({ ...n, reminders: { ...n.reminders, enabled: false } }),
    });
    const blocked = await startApp({
      config: { countryHeader: "cf-ipcountry" },
      newsroom: (n) => ({ ...n, countries: { ...n.countries, blocked: ["XX"] } }),
    });
    try {
      await expectProblem(await postReminder(closed, good), { status: 404, code: "not_found" });
      const refused = { status: 422, code: "country_not_accepted", paths: ["country"] };
      await expectProblem(await postReminder(blocked, good, { "cf-ipcountry": "xx" }), refused);
      await expectProblem(await postReminder(blocked, { ...good, country: "XX" }), refused);
    } finally {
      await closed.close();
      await blocked.close();
    }
  });

  test("a body that is too large, no JSON, or of another kind", async () => {
    const huge = await postReminder(app, { ...good, locale: "x".repeat(40_000) });
    await expectProblem(huge, { status: 413, code: "payload_too_large" });
    const send = (body: string, type: string) =>
      fetch(`${app.url}/v1/reminders`, { method: "POST", headers: { "content-type": type }, body });
    await expectProblem(await send("{", "application/json"), { status: 400, code: "invalid_request", paths: [""] });
    await expectProblem(await send("x", "text/plain"), { status: 400, code: "invalid_request", paths: [""] });
  });
});

describe("an address has one reminder", () => {
  test("support-reminders: a new request moves it, and one mail comes, on the last day asked for", async () => {
    setTime(app, "2027-03-01T12:00:00Z");
    const email = someone();
    const first = await remind(app, { email, in_months: 1 });
    const second = await remind(app, { email: email.toUpperCase(), in_months: 2 });
    expect(await stored(app, first.id)).toMatchObject({ state: "suppressed", reason: "moved", address_sealed: null });
    setTime(app, "2027-04-02T12:00:00Z");
    await work(app);
    expect(await mailsOf(app, first.id)).toEqual([]);
    setTime(app, "2027-05-01T12:00:00Z");
    await work(app);
    expect(await mailsOf(app, second.id)).toHaveLength(1);
  });

  test("two requests at the same moment leave one", async () => {
    const email = someone();
    const asked = await Promise.all(Array.from({ length: 6 }, () => remind(app, { email })));
    const states = await Promise.all(asked.map(async ({ id }) => (await stored(app, id)).state));
    expect(states.filter((state) => state === "pending")).toHaveLength(1);
    expect(states.filter((state) => state === "suppressed")).toHaveLength(5);
  });

  test("no answer tells whether an address is known: neither the request's nor its link's", async () => {
    setTime(app, "2027-03-01T12:00:00Z");
    const known = someone();
    const victim = await remind(app, { email: known, in_months: 6 });
    await press(app, victim.token, "cancel");
    const look = async (email: string) => {
      const answer = await postReminder(app, { email, in_months: 3 });
      const text = await answer.text();
      const { id, token, ...rest } = JSON.parse(text) as { id: string; token: string };
      const link = await (await fetch(`${app.url}/v1/reminders/${token}`)).json();
      const page = (await (await fetch(`${app.url}/reminders/${token}`)).text()).replaceAll(token, "TOKEN");
      const headers = [...answer.headers.keys()].sort();
      return { status: answer.status, length: text.length, rest, link, page, headers, token };
    };
    const { token, ...ofKnown } = await look(known);
    const { token: _, ...ofStranger } = await look(someone());
    expect(ofKnown).toEqual(ofStranger);
    const shown = async () => await (await fetch(`${app.url}/v1/reminders/${token}`)).json();
    const meanwhile = await shown();
    await remind(app, { email: known, in_months: 9 });
    expect(await shown()).toEqual(meanwhile);
  });
});
