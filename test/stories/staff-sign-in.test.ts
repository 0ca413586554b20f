import { sql } from "kysely";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { signToken } from "../../src/mail/links.ts";
import { changeMemberRole, removeMember } from "../../src/staff/members.ts";
import { safeReturn } from "../../src/staff/return-path.ts";
import { forgetSessions } from "../../src/staff/session/sessions.queries.ts";
import { startSession } from "../../src/staff/session/sessions.ts";
import { takeSignIn } from "../../src/staff/sign-in.queries.ts";
import { emailHash } from "../../src/vault/email-hash.ts";
import { startApp, type TestApp } from "../support/app.ts";
import { startSecondApp } from "../support/second-app.ts";
import { addStaff, auditRows, CookieBrowser, csrfIn, linkFor, signedIn } from "../support/staff.ts";

const CLI = { kind: "command_line" } as const;

let app: TestApp;
beforeAll(async () => {
  app = await startApp({ config: { trustProxy: 1 } });
});
afterAll(() => app.close());

const waitingForLocks = async (db: TestApp["db"]) =>
  (await sql`select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`.execute(db))
    .rows;
const sessions = async (staff: string) =>
  (await app.db.selectFrom("staff_sessions").select("id").where("staff_id", "=", staff).execute()).length;
const hasSession = (browser: CookieBrowser) => browser.cookies.has("rd_staff");

describe("signing in", () => {
  test("is a link in a mail, a page with one button, and a session", async () => {
    const { id, email } = await addStaff(app, "admin", "Ada.Byron@newsroom.example");
    const browser = new CookieBrowser(app);
    expect((await browser.visit("/finance/audit?action=export")).location).toBe(
      "/finance/sign-in?next=%2Ffinance%2Faudit%3Faction%3Dexport",
    );
    const form = await browser.visit("/finance/sign-in?next=%2Ffinance%2Faudit%3Faction%3Dexport");
    expect(form.text).toContain('value="/finance/audit?action=export"');
    const link = await linkFor(app, browser, "  ada.byron@NEWSROOM.example ".trim(), "/finance/audit?action=export");
    const [mail] = await app.mails(email);
    expect(mail).toMatchObject({ subject: "Sign in to the staff pages of The Harbour Courier", to: [email] });

    for (const method of ["GET", "HEAD", "GET"]) await browser.visit(link, { method });
    const page = await browser.visit(link);
    expect(page.text.match(/<button/g)).toHaveLength(1);
    expect(hasSession(browser)).toBe(false);
    expect(await sessions(id)).toBe(0);

    const entered = await browser.post(link);
    expect({ status: entered.status, location: entered.location }).toEqual({
      status: 303,
      location: "/finance/audit?action=export",
    });
    const cookie = entered.headers.getSetCookie().find((line) => line.startsWith("rd_staff=")) ?? "";
    expect(cookie).toMatch(/; HttpOnly; SameSite=Lax$/);
    expect(browser.cookies.has("rd_browser")).toBe(false);
    const there = await browser.visit(entered.location);
    expect(there.status).toBe(200);
    expect(there.headers.get("cache-control")).toBe("private, no-store");
    expect((await auditRows(app)).filter((row) => row.action === "sign_in" && row.actor_id === id)).toMatchObject([
      { actor_kind: "staff", actor_id: id, role: "admin", subject: id },
    ]);
    expect(
      (await app.db.selectFrom("staff_members").selectAll().where("id", "=", id).executeTakeFirstOrThrow())
        .signed_in_at,
    ).not.toBeNull();
  });

  test("answers the same for an address that nobody knows, and writes to nobody", async () => {
    const { email } = await addStaff(app, "finance");
    const other = `nobody${email.slice("finance".length)}`;
    const known = await new CookieBrowser(app).post("/finance/sign-in", { email });
    const unknown = await new CookieBrowser(app).post("/finance/sign-in", { email: other });
    expect(known.status).toBe(202);
    expect(unknown.status).toBe(202);
    expect(unknown.text).toBe(known.text);
    const shape = ({ headers }: typeof known) =>
      [...headers]
        .filter(([name]) => !["x-request-id", "date", "etag"].includes(name))
        .map(([name, value]) => `${name}: ${value.replace(/rd_browser=[^;]+/, "")}`);
    expect(shape(unknown)).toEqual(shape(known));
    expect(unknown.headers.getSetCookie()).toHaveLength(1);
    await vi.waitUntil(async () => (await app.mails(email)).length === 1);
    expect(await app.mails(other)).toEqual([]);
  });

  test("goes to the address on file, whatever was typed that folds into it", async () => {
    const { email } = await addStaff(app, "finance", "kelvin.k@newsroom.example");
    const browser = new CookieBrowser(app);
    await browser.post("/finance/sign-in", { email: email.toUpperCase() });
    await vi.waitUntil(async () => (await app.mails(email)).length === 1);
    expect((await app.mails(email))[0]?.to).toEqual([email]);
  });

  test("says what is wrong with an address, and keeps what was typed", async () => {
    for (const typed of [`"><script>`, "no address", ""]) {
      const answer = await new CookieBrowser(app).post("/finance/sign-in", { email: typed, next: "/finance/payouts" });
      expect(answer.status).toBe(400);
      expect(answer.words).toContain("doesn’t look like an e-mail address");
      expect(answer.text).not.toContain("<script>");
      expect(answer.text).toContain('value="/finance/payouts"');
      expect(answer.headers.getSetCookie()).toEqual([]);
    }
  });

  test("isn't held up by what the address is known for as a reader's", async () => {
    const { email } = await addStaff(app, "finance");
    const hash = emailHash(app.deps.vault, email);
    await sql`
      insert into mail_addresses (address_hash, bounced_at, bounce_code, complained_at, unsubscribed_at)
      values (${hash}, now(), '550', now(), now())
    `.execute(app.db);
    expect((await new CookieBrowser(app).visit(await linkFor(app, new CookieBrowser(app), email))).status).toBe(403);
  });

  test("begins where the link will lead, whatever this machine was called", async () => {
    const elsewhere = app.url.replace("127.0.0.1", "localhost");
    const answer = await fetch(`${elsewhere}/finance/sign-in?next=/finance/audit`, { redirect: "manual" });
    expect([answer.status, answer.headers.get("location")]).toEqual([
      303,
      `${app.url}/finance/sign-in?next=/finance/audit`,
    ]);
  });

  test("sends ten links an hour at most, and says nothing of it", async () => {
    const { id, email } = await addStaff(app, "support");
    for (let ask = 0; ask < 12; ask++) {
      const browser = new CookieBrowser(app);
      expect((await browser.post("/finance/sign-in", { email })).status).toBe(202);
      await vi.waitUntil(async () => (await links(id)) >= Math.min(ask + 1, 10));
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(await links(id)).toBe(10);

    async function links(staff: string): Promise<number> {
      return (await app.db.selectFrom("staff_sign_ins").select("id").where("staff_id", "=", staff).execute()).length;
    }
  });
});

test("one client that asks again and again is told to wait, in a page", async () => {
  const browser = new CookieBrowser(app);
  const ask = () => browser.post("/finance/sign-in", { email: "nobody@newsroom.example" });
  for (let round = 0; round < 6; round++) {
    const answers = await Promise.all(Array.from({ length: 10 }, ask));
    expect(answers.map(({ status }) => status)).toEqual(Array(10).fill(202));
  }
  const late = await ask();
  expect(late.status).toBe(429);
  expect(late.headers.get("retry-after")).toMatch(/^\d+$/);
  expect(late.words).toContain("too many requests");
  expect((await new CookieBrowser(app).post("/finance/sign-in", { email: "nobody@newsroom.example" })).status).toBe(
    202,
  );
});

describe("a link", () => {
  test("is good once: pressed twice, also at once, it signs in one browser", async () => {
    const { id, email } = await addStaff(app, "finance");
    const browser = new CookieBrowser(app);
    const link = await linkFor(app, browser, email);
    const asked = browser.cookies.get("rd_browser") ?? "";
    const twice = await Promise.all([browser.post(link), browser.post(link)]);
    expect(twice.map(({ status }) => status).toSorted()).toEqual([303, 410]);
    expect(await sessions(id)).toBe(1);
    browser.cookies.set("rd_browser", asked);
    for (const again of [await browser.visit(link), await browser.post(link)]) {
      expect(again.status).toBe(410);
      expect(again.words).toContain("This link has been used");
      expect(again.text).toContain('href="/finance/sign-in"');
    }
    expect(await sessions(id)).toBe(1);
  });

  test("pressed twice at once: the two don't wait for each other", async () => {
    const { id: staff, email } = await addStaff(app, "finance");
    await linkFor(app, new CookieBrowser(app), email);
    const { id } = await app.db
      .selectFrom("staff_sign_ins")
      .select("id")
      .where("staff_id", "=", staff)
      .executeTakeFirstOrThrow();
    const first = await app.db.startTransaction().execute();
    expect(await takeSignIn(first, id)).toBe(true);
    const second = app.db.transaction().execute((trx) => takeSignIn(trx, id));
    await expect
      .poll(async () => (await waitingForLocks(app.db)).length, { timeout: 10_000, interval: 10 })
      .toBeGreaterThan(0);
    await startSession(first, staff);
    await first.commit().execute();
    expect(await second).toBe(false);
  });

  test("opened in another browser says why it doesn't work there, and still works in its own", async () => {
    const { id, email } = await addStaff(app, "finance");
    const own = new CookieBrowser(app);
    const link = await linkFor(app, own, email);
    const other = new CookieBrowser(app);
    const asking = new CookieBrowser(app);
    await asking.post("/finance/sign-in", { email: "somebody.else@newsroom.example" });
    for (const wrong of [other, asking]) {
      for (const answer of [await wrong.visit(link), await wrong.post(link)]) {
        expect(answer.status).toBe(403);
        expect(answer.words).toContain("only in the browser in which it was asked for");
      }
      expect(hasSession(wrong)).toBe(false);
    }
    expect(await sessions(id)).toBe(0);
    expect((await own.post(link)).status).toBe(303);
  });

  test("of two that one browser asked for works, either", async () => {
    const { email } = await addStaff(app, "finance");
    const browser = new CookieBrowser(app);
    const first = await linkFor(app, browser, email);
    await linkFor(app, browser, email);
    expect((await browser.post(first)).status).toBe(303);
  });

  test("runs out after a quarter of an hour of the wall clock, wherever product time is", async () => {
    const { email } = await addStaff(app, "finance");
    const browser = new CookieBrowser(app);
    const link = await linkFor(app, browser, email);
    app.clock.advance(40 * 86_400_000);
    expect((await browser.visit(link)).status).toBe(200);
    const late = sql<{
      minutes: number;
    }>`select extract(epoch from expires_at - created_at)::float8 / 60 as minutes from staff_sign_ins order by created_at desc limit 1`;
    expect((await late.execute(app.db)).rows[0]?.minutes).toBeCloseTo(15, 1);
    await sql`update staff_sign_ins set expires_at = clock_timestamp()`.execute(app.db);
    for (const answer of [await browser.visit(link), await browser.post(link)]) {
      expect(answer.status).toBe(410);
      expect(answer.words).toContain("run out");
    }
  });

  test("opens nothing once its addressee was removed, also between the mail and the press", async () => {
    const { id, email } = await addStaff(app, "admin");
    const browser = new CookieBrowser(app);
    const link = await linkFor(app, browser, email);
    expect((await browser.visit(link)).status).toBe(200);
    await removeMember(app.deps, CLI, email);
    const answer = await browser.post(link);
    expect(answer.status).toBe(404);
    expect(hasSession(browser)).toBe(false);
    expect(await sessions(id)).toBe(0);
  });

  test.each(["nope", "%00", "A".repeat(54), "../audit", ""])(
    "that isn't ours (%j) leads to a new one",
    async (token) => {
      const answer = await new CookieBrowser(app).visit(`/finance/sign-in/${token}`);
      if (token === "" || token === "../audit") expect([200, 303]).toContain(answer.status);
      else expect(answer.words).toContain("This link doesn’t work");
    },
  );

  test("of another purpose signs nobody in", async () => {
    const { email } = await addStaff(app, "admin");
    const browser = new CookieBrowser(app);
    const link = await linkFor(app, browser, email);
    const { id } = await app.db
      .selectFrom("staff_sign_ins")
      .select("id")
      .orderBy("created_at", "desc")
      .limit(1)
      .executeTakeFirstOrThrow();
    for (const purpose of ["manage", "stop-gift", "confirm-reminder"] as const) {
      expect((await browser.post(`/finance/sign-in/${signToken(app.deps.vault, purpose, id)}`)).status).toBe(404);
    }
    expect(link).toContain(signToken(app.deps.vault, "staff-sign-in", id));
  });

  test("posted from another site does nothing", async () => {
    const { id, email } = await addStaff(app, "finance");
    const browser = new CookieBrowser(app);
    const link = await linkFor(app, browser, email);
    for (const origin of ["https://evil.example", "null", "https://www.example.org"]) {
      expect((await browser.post(link, {}, { origin })).status).toBe(403);
      expect((await browser.post("/finance/sign-in", { email }, { origin })).status).toBe(403);
    }
    expect(await sessions(id)).toBe(0);
  });
});

describe("a session", () => {
  test("is a new one at each sign-in: what a browser brought along is worth nothing, and what it had ends", async () => {
    const planted = "A".repeat(43);
    const { email } = await addStaff(app, "finance");
    const browser = new CookieBrowser(app);
    browser.cookies.set("rd_staff", planted);
    expect((await browser.visit("/finance")).status).toBe(303);
    await browser.post(await linkFor(app, browser, email));
    const first = browser.cookies.get("rd_staff") ?? "";
    expect(first).not.toBe(planted);
    expect(first).toMatch(/^[\w-]{43}$/);
    await browser.post(await linkFor(app, browser, email));
    const second = browser.cookies.get("rd_staff") ?? "";
    expect(second).not.toBe(first);
    const old = new CookieBrowser(app);
    for (const secret of [planted, first]) {
      old.cookies.set("rd_staff", secret);
      expect((await old.visit("/finance")).location).toBe("/finance/sign-in");
    }
  });

  test("is kept as a hash alone, and neither it nor the link nor an address is in the log", async () => {
    const { email } = await addStaff(app, "finance", "grace.hopper@newsroom.example");
    const browser = new CookieBrowser(app);
    const link = await linkFor(app, browser, email);
    await browser.visit(link);
    const asked = browser.cookies.get("rd_browser") ?? "";
    await browser.post(link);
    const secret = browser.cookies.get("rd_staff") ?? "";
    const page = await browser.visit("/finance");
    const tables = ["staff_members", "staff_sessions", "staff_sign_ins", "audit_entries", "mails"] as const;
    const rows = await Promise.all(tables.map(async (table) => await app.db.selectFrom(table).selectAll().execute()));
    const kept = JSON.stringify(rows);
    for (const told of [secret, asked, link.split("/").at(-1) ?? "", csrfIn(page.text)]) {
      expect(told.length).toBeGreaterThan(20);
      expect(kept).not.toContain(told);
      expect(app.logged()).not.toContain(told);
    }
    expect(page.text).not.toContain(secret);
    for (const text of [kept, app.logged()]) expect(text.toLowerCase()).not.toContain("grace.hopper");
    expect(app.logged()).toContain('"route":"/finance/sign-in/:token"');
  });

  test("ends after 12 hours without a request, and after 7 days in any case, by the wall clock", async () => {
    const { browser, id } = await signedIn(app, "finance");
    const move = async (seen: string, expires: string) =>
      await sql`update staff_sessions set seen_at = clock_timestamp() - ${seen}::interval, expires_at = created_at + ${expires}::interval where staff_id = ${id}`.execute(
        app.db,
      );
    app.clock.advance(30 * 86_400_000);
    await move("11 hours 59 minutes", "7 days");
    expect((await browser.visit("/finance")).status).toBe(200);
    const { rows } = await sql<{ fresh: boolean; days: number }>`
      select seen_at > clock_timestamp() - interval '1 minute' as fresh, extract(epoch from expires_at - created_at)::float8 / 86400 as days
      from staff_sessions where staff_id = ${id}
    `.execute(app.db);
    expect(rows).toEqual([{ fresh: true, days: 7 }]);
    await move("12 hours 1 minute", "7 days");
    expect((await browser.visit("/finance")).location).toBe("/finance/sign-in");
    await move("0 seconds", "-1 second");
    expect((await browser.visit("/finance")).location).toBe("/finance/sign-in");
  });

  test("has the role of the moment, and ends at once when its holder is removed", async () => {
    const { browser, id } = await signedIn(app, "finance");
    expect((await browser.visit("/finance")).words).toContain("Overview");
    await changeMemberRole(app.deps, CLI, id, "support");
    expect((await browser.visit("/finance")).location).toBe("/finance/donors");
    expect((await browser.visit("/v1/reports/summary")).status).toBe(403);
    await removeMember(app.deps, CLI, id);
    expect((await browser.visit("/finance/donors")).location).toBe("/finance/sign-in?next=%2Ffinance%2Fdonors");
    expect((await browser.visit("/v1/reports/summary")).status).toBe(401);
    await changeMemberRole(app.deps, CLI, id, "admin");
    expect((await browser.visit("/finance/audit")).status).toBe(303);
  });

  test("ends when it is signed out, by its own form alone", async () => {
    const { browser, csrf, id, secret } = await signedIn(app, "audience");
    expect((await browser.visit("/finance/sign-out")).status).toBe(404);
    expect((await browser.post("/finance/sign-out", {})).status).toBe(403);
    expect(await sessions(id)).toBe(1);
    const out = await browser.post("/finance/sign-out", { csrf });
    expect(out.words).toContain("You are signed out");
    expect(await sessions(id)).toBe(0);
    expect(hasSession(browser)).toBe(false);
    browser.cookies.set("rd_staff", secret);
    expect((await browser.visit("/finance")).location).toBe("/finance/sign-in");
  });

  test("that is there makes asking again needless", async () => {
    const { browser } = await signedIn(app, "finance");
    expect((await browser.visit("/finance/sign-in?next=/finance/payouts")).location).toBe("/finance/payouts");
  });

  test("isn't read from two cookies of one name, nor from anything that isn't one", async () => {
    const { secret } = await signedIn(app, "admin");
    const planted = `rd_staff=${"B".repeat(43)}; rd_staff=${secret}`;
    for (const cookie of [
      planted,
      `rd_staff=${secret}x`,
      `rd_staff="${secret}"`,
      `xrd_staff=${secret}`,
      `rd_staff=${secret.toLowerCase()}`,
      "rd_staff=",
      `__Host-rd_staff=${secret}`,
    ]) {
      const answer = await fetch(`${app.url}/finance/audit`, { headers: { cookie }, redirect: "manual" });
      expect(answer.status, cookie).toBe(303);
      expect((await fetch(`${app.url}/v1/reports/summary`, { headers: { cookie } })).status).toBe(401);
    }
  });

  test("over https has a cookie that no other host can set, and takes no other", async () => {
    const second = await startSecondApp(app, { publicUrl: "https://donate.example" });
    try {
      const browser = new CookieBrowser(second);
      const { email, secret } = await signedIn(app, "finance");
      const asked = await fetch(`${second.url}/finance/sign-in`, {
        method: "POST",
        body: new URLSearchParams({ email }),
        headers: { origin: "https://donate.example" },
      });
      expect(asked.headers.getSetCookie()[0]).toMatch(
        /^__Host-rd_browser=[\w-]{43}; Max-Age=900; Path=\/; HttpOnly; SameSite=Lax; Secure$/,
      );
      browser.cookies.set("rd_staff", secret);
      expect((await browser.visit("/finance")).status).toBe(303);
      browser.cookies.clear();
      browser.cookies.set("__Host-rd_staff", secret);
      expect((await browser.visit("/finance")).status).toBe(200);
    } finally {
      await second.close();
    }
  });
});

describe("a form", () => {
  test("is taken from its own session alone", async () => {
    const { browser, csrf } = await signedIn(app, "support");
    const { csrf: another } = await signedIn(app, "support");
    const search = (fields: Record<string, string>, headers = {}) =>
      browser.post("/finance/donors", { email: "reader@example.org", ...fields }, headers);
    for (const wrong of [{}, { csrf: "" }, { csrf: another }, { csrf: `${csrf}x` }, { csrf: csrf.slice(0, -1) }]) {
      const answer = await search(wrong);
      expect(answer.status).toBe(403);
      expect(answer.words).toContain("can’t be used any more");
    }
    const twice = new URLSearchParams([
      ["csrf", csrf],
      ["csrf", another],
      ["email", "reader@example.org"],
    ]);
    expect(
      (await browser.visit("/finance/donors", { method: "POST", body: twice, headers: { origin: app.url } })).status,
    ).toBe(403);
    expect((await search({ csrf }, { origin: "https://evil.example" })).status).toBe(403);
    expect((await auditRows(app)).filter((row) => row.action === "donor_search")).toEqual([]);
    expect((await search({ csrf })).status).toBe(404);
  });

  test("of somebody who isn't signed in any more leads to signing in", async () => {
    const answer = await new CookieBrowser(app).post("/finance/donors", { email: "reader@example.org", csrf: "x" });
    expect({ status: answer.status, location: answer.location }).toEqual({ status: 303, location: "/finance/sign-in" });
  });
});

test("sessions and links that are over are forgotten, and no others", async () => {
  const over = await signedIn(app, "finance");
  const idle = await signedIn(app, "finance");
  const going = await signedIn(app, "finance");
  await linkFor(app, new CookieBrowser(app), over.email);
  await linkFor(app, new CookieBrowser(app), going.email);
  await sql`update staff_sessions set expires_at = clock_timestamp() where staff_id = ${over.id}`.execute(app.db);
  await sql`update staff_sessions set seen_at = clock_timestamp() - interval '13 hours' where staff_id = ${idle.id}`.execute(
    app.db,
  );
  await sql`update staff_sign_ins set expires_at = clock_timestamp() - interval '25 hours' where staff_id = ${over.id}`.execute(
    app.db,
  );
  while ((await forgetSessions(app.db)) > 0) {}
  expect([await sessions(over.id), await sessions(idle.id), await sessions(going.id)]).toEqual([0, 0, 1]);
  const links = await app.db.selectFrom("staff_sign_ins").select("staff_id").execute();
  expect(links.map((link) => link.staff_id)).toContain(going.id);
  expect(links.map((link) => link.staff_id)).not.toContain(over.id);
  expect((await going.browser.visit("/finance")).status).toBe(200);
});

test("a signed-in browser reads reports, and no other site makes it", async () => {
  const { browser } = await signedIn(app, "finance");
  expect((await browser.visit("/v1/reports/summary")).status).toBe(200);
  expect((await browser.visit("/v1/reports/summary", { headers: { "sec-fetch-site": "same-origin" } })).status).toBe(
    200,
  );
  expect((await browser.visit("/v1/reports/summary.csv", { headers: { "sec-fetch-site": "cross-site" } })).status).toBe(
    401,
  );
  expect((await browser.visit("/v1/reports/summary", { headers: { authorization: "Bearer nonsense" } })).status).toBe(
    401,
  );
});

test("signing in leads to our own pages alone", () => {
  for (const good of [
    "/finance",
    "/finance/payouts",
    "/finance/audit?action=export&from=2026-01-01",
    "/finance/donors/cus_a1?said=link",
  ]) {
    expect(safeReturn(good)).toBe(good);
  }
  const bad = [
    ...[
      "//evil.example",
      "https://evil.example/finance",
      "/\\evil.example",
      "/finance/..//evil.example",
      "/finance/../give",
    ],
    ...[
      "/finance\\..\\",
      "/finance/%2e%2e/x",
      "/finance\n/x",
      "/financeevil",
      "/finance@evil.example",
      "/finance//evil.example/%5c",
      "",
      "finance",
    ],
    ...[
      "/finance/sign-in",
      "/finance/sign-in/abc",
      "/finance/sign-out",
      "/finance/x/../sign-out",
      `/finance/${"a".repeat(600)}`,
    ],
    ...["javascript:alert(1)", "/finance?next=https://evil.example#x", undefined, ["/finance/payouts"], 7],
  ];
  for (const asked of bad) expect(safeReturn(asked), String(asked)).toMatch(/^\/finance(?:\/\/evil\.example\/%5c)?$/);
});
