import { type AddressInfo, createServer } from "node:net";
import { type Selectable, sql } from "kysely";
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import type { DB } from "../../src/db/schema.ts";
import { inTransaction } from "../../src/db/transaction.ts";
import { forgetMails } from "../../src/mail/forget.queries.ts";
import { createMailer, needsTls } from "../../src/mail/mailer.ts";
import { requeueFailed, unmarkBounced } from "../../src/mail/operator.queries.ts";
import { mailId, queueMails } from "../../src/mail/queue.queries.ts";
import { recoverMails } from "../../src/mail/recover.ts";
import { sendMail } from "../../src/mail/send.ts";
import { failureOf } from "../../src/mail/smtp-failure.ts";
import { removeSpentJobs } from "../../src/mail/spent-jobs.queries.ts";
import type { NewsroomConfig } from "../../src/newsroom.ts";
import { emailHash } from "../../src/vault/email-hash.ts";
import { startApp, type TestApp } from "../support/app.ts";
import { give } from "../support/giving.ts";
import { dumpDatabase, findLeaks } from "../support/leaks.ts";
import { hurryJobs, mailState, queueTo, sendDueMails } from "../support/mails.ts";

type Customer = Selectable<DB["stripe_customers"]>;

const ADDRESS = "Zoe.Marker-4c1d@leak.example";

let app: TestApp;
let donationId: string;
let customer: Customer;
let changes: Partial<NewsroomConfig["mail"]> = {};
let name: string | null = null;

beforeAll(async () => {
  app = await startApp({
    newsroom: (newsroom) => ({
      ...newsroom,
      newsroom: { ...newsroom.newsroom, name: name ?? newsroom.newsroom.name },
      mail: { ...newsroom.mail, ramp: { per_minute: 30, first: 0 }, ...changes },
    }),
  });
  donationId = (await give(app, { frequency: "monthly" })).id;
  await app.settle();
  customer = await app.db.selectFrom("stripe_customers").selectAll().executeTakeFirstOrThrow();
});
afterAll(() => app.close());

beforeEach(async () => {
  changes = {};
  name = null;
  app.mailbox.mailbox.clear();
  app.mailbox.faults.clear();
  await sql`delete from graphile_worker._private_jobs`.execute(app.db);
  await sql`delete from mails`.execute(app.db);
  await sql`delete from mail_addresses`.execute(app.db);
  await sql`delete from mail_ramps`.execute(app.db);
  await sql`delete from stripe_customers`.execute(app.db);
  await app.db.insertInto("stripe_customers").values(customer).execute();
  await sql`update donations set no_mail = false, subscription_status = 'active'`.execute(app.db);
});

const headerOf = (mail: { headers: readonly { name: string; value: string }[] } | undefined, wanted: string) =>
  mail?.headers.find((header) => header.name.toLowerCase() === wanted.toLowerCase())?.value;

describe("a mail that goes out", () => {
  test("names its sender, its language and itself; the address that was kept for it goes", async () => {
    const id = await queueTo(app.deps, ADDRESS, { locale: "de" });
    const [mail, ...others] = await app.mails();
    expect(others).toEqual([]);
    expect(mail?.to).toEqual([ADDRESS]);
    expect(mail?.from).toBe('"The Harbour Courier" <members@example.org>');
    expect(mail?.message_id).toBe(`<${id}@127.0.0.1>`);
    expect(mail?.idempotency_key).toBe(id);
    expect(headerOf(mail, "Auto-Submitted")).toBe("auto-generated");
    expect(headerOf(mail, "X-Auto-Response-Suppress")).toBe("All");
    expect(headerOf(mail, "Content-Language")).toBe("de");
    expect(mail?.html).not.toBe("");
    expect(mail?.text).not.toBe("");
    expect(await mailState(app.deps, id)).toEqual({ state: "sent", reason: null, attempts: 1 });
    const { rows } = await sql`select to_sealed, finished_at from mails where finished_at is not null`.execute(app.db);
    expect(rows).toEqual([{ to_sealed: null, finished_at: expect.any(Date) }]);
    const jobs = await sql`select from graphile_worker.jobs`.execute(app.db);
    expect(jobs.rows).toEqual([]);
  });

  test("is written once for each cause, however often that is told", async () => {
    const id = await queueTo(app.deps, ADDRESS, { cause: "once" });
    const again = { kind: "manage_link", cause: "once", data: { expires_at: new Date().toISOString() } } as const;
    expect(await inTransaction(app.db, (trx) => queueMails(trx, [again]))).toEqual([]);
    expect((await app.mails()).map((mail) => mail.idempotency_key)).toEqual([id]);
    expect(await inTransaction(app.db, (trx) => queueMails(trx, [again]))).toEqual([]);
    expect(await app.mails()).toHaveLength(1);
  });

  test("can't be given other headers by a line end in the newsroom's name", async () => {
    name = "The Courier\r\nBcc: everybody@leak.example\r\n\r\n<p>hello";
    await queueTo(app.deps, ADDRESS);
    const [mail] = await app.mails();
    expect(mail?.to).toEqual([ADDRESS]);
    expect(headerOf(mail, "bcc")).toBeUndefined();
    expect(mail?.from).toContain("The Courier Bcc: everybody@leak.example <p>hello");
    expect(mail?.from).toMatch(/<members@example\.org>$/);
    expect(mail?.subject).not.toMatch(/[\r\n]/);
  });

  test.each([
    "a@b.example, c@leak.example",
    '"x\r\nRCPT TO:<c@leak.example>"@b.example',
    "c@leak.example>\r\nDATA",
    "a b@c.example",
  ])("never goes to anything but one address: %j", async (address) => {
    const id = await queueTo(app.deps, address);
    expect(await app.mails()).toEqual([]);
    expect(await mailState(app.deps, id)).toEqual({ state: "failed", reason: "address_invalid", attempts: 1 });
  });

  test("goes to addresses with a plus, in other scripts and domains", async () => {
    const addresses = ["ada+news@reader.example", "ada@bücher.example", "имя@пример.example"];
    for (const address of addresses) await queueTo(app.deps, address);
    const to = (await app.mails()).flatMap((mail) => mail.to);
    expect(to).toHaveLength(3);
    expect(to).toContain("ada+news@reader.example");
  });

  test("of a discreet style names the newsroom in no header", async () => {
    await queueTo(app.deps, ADDRESS, { discreet: true });
    const [mail] = await app.mails();
    expect(mail?.from).toContain("members@example.org");
    expect(mail?.message_id).toMatch(/@example\.org>$/);
    expect(headerOf(mail, "Reply-To")).toBeUndefined();
    expect(mail?.headers.map(({ value }) => value).join("\n")).not.toContain("Courier");
  });

  test("tells the reader's mail program how to end its kind with one click", async () => {
    await queueFor("yearly_note");
    const [mail] = await app.mails();
    expect(headerOf(mail, "List-Unsubscribe")).toMatch(
      new RegExp(`^<${app.url.replaceAll(".", "\\.")}/v1/mail/off/[\\w-]{54}>$`),
    );
    expect(headerOf(mail, "List-Unsubscribe-Post")).toBe("List-Unsubscribe=One-Click");
    await queueFor("payment_failed");
    const [receipt] = await app.mails();
    expect(headerOf(receipt, "List-Unsubscribe")).toBeUndefined();
    expect(receipt?.links.map((link) => new URL(link).pathname.replace(/[\w-]{54}$/, ""))).toEqual(
      expect.arrayContaining(["/gifts/stop/", "/gifts/fix/"]),
    );
  });
});

describe("a server that refuses", () => {
  test("for now is asked again, later each time, and gets one mail", async () => {
    app.mailbox.faults.plan({ kind: "temporary", times: 2 });
    const id = await queueTo(app.deps, ADDRESS);
    expect(await app.mails()).toEqual([]);
    expect(await mailState(app.deps, id)).toEqual({ state: "queued", reason: null, attempts: 1 });
    expect(await waits()).toBeGreaterThan(1);
    await hurryJobs(app.db);
    expect(await app.mails()).toEqual([]);
    expect(await waits()).toBeGreaterThan(5);
    await hurryJobs(app.db);
    expect(await app.mails()).toHaveLength(1);
    expect(await mailState(app.deps, id)).toEqual({ state: "sent", reason: null, attempts: 3 });
    expect(app.logged()).toContain(`"mail_id":"${id}","kind":"manage_link","attempts":2,"code":"451 4.3.0"`);
  });

  test("for ever is asked twelve times", async () => {
    app.mailbox.faults.plan({ kind: "temporary", times: 100 });
    const id = await queueTo(app.deps, ADDRESS);
    for (let attempt = 0; attempt < 14; attempt++) {
      await sendDueMails(app.background);
      await hurryJobs(app.db);
    }
    expect(await mailState(app.deps, id)).toEqual({ state: "failed", reason: "451 4.3.0", attempts: 12 });
    expect((await sql`select from graphile_worker.jobs`.execute(app.db)).rows).toEqual([]);
  });

  test("an address marks it: nothing is sent there that wasn't asked for this moment, until a mail is taken", async () => {
    app.mailbox.faults.plan({ kind: "permanent", times: 1 });
    const first = await queueTo(app.deps, ADDRESS);
    await app.mails();
    expect(await mailState(app.deps, first)).toEqual({ state: "failed", reason: "address_refused", attempts: 1 });
    const marked = await app.db.selectFrom("mail_addresses").selectAll().executeTakeFirst();
    expect(marked).toMatchObject({ bounce_code: "550 5.1.1", bounced_at: expect.any(Date) });
    expect(marked?.address_hash).toEqual(emailHash(app.deps.vault, ADDRESS));
    await sql`update stripe_customers set email_hash = ${emailHash(app.deps.vault, ADDRESS)}`.execute(app.db);
    const suppressed = await queueFor("payment_failed");
    const other = await queueTo(app.deps, "somebody-else@reader.example");
    expect((await app.mails()).map((mail) => mail.idempotency_key)).toEqual([other]);
    expect(await mailState(app.deps, suppressed)).toEqual({ state: "suppressed", reason: "bounced", attempts: 0 });
    const wanted = await queueTo(app.deps, ADDRESS.toLowerCase());
    await app.mails();
    expect(await mailState(app.deps, wanted)).toMatchObject({ state: "sent" });
    const cleared = await app.db.selectFrom("mail_addresses").selectAll().executeTakeFirst();
    expect(cleared).toMatchObject({ bounce_code: null, bounced_at: null });
    const next = await queueFor("refunded");
    await app.mails();
    expect(await mailState(app.deps, next)).toMatchObject({ state: "sent" });
  });

  test("a mark can be taken away after a wrong setting, by its time", async () => {
    const hash = (text: string) => emailHash(app.deps.vault, text);
    await sql`
      insert into mail_addresses (address_hash, bounced_at, bounce_code)
      values (${hash("old@x.example")}, now() - interval '3 days', '550 5.1.1'), (${hash("new@x.example")}, now(), '550 5.1.1')
    `.execute(app.db);
    expect(await unmarkBounced(app.db, new Date(Date.now() - 86_400_000))).toBe(1);
    const left = await app.db.selectFrom("mail_addresses").select("address_hash").where("bounced_at", "is not", null);
    expect(await left.execute()).toEqual([{ address_hash: hash("old@x.example") }]);
  });

  test("a text gives that mail up and doesn't hold it against the address", async () => {
    app.mailbox.faults.plan({ kind: "refuse_message", times: 1 });
    const first = await queueTo(app.deps, ADDRESS);
    await app.mails();
    expect(await mailState(app.deps, first)).toEqual({ state: "failed", reason: "message_refused", attempts: 1 });
    await queueTo(app.deps, ADDRESS);
    expect(await app.mails()).toHaveLength(1);
  });

  test("has said nothing of the address that is kept: not in a table, a job or the log", async () => {
    const kinds = ["temporary", "permanent", "refuse_message", "cut_after_accept"] as const;
    for (const kind of kinds) {
      app.mailbox.faults.plan({ kind, times: 1 });
      await queueTo(app.deps, kind === "permanent" ? `${ADDRESS}.gone` : ADDRESS);
      await sendDueMails(app.background);
    }
    const { rows } = await sql<{ last_error: string }>`
      select last_error from graphile_worker.jobs where last_error is not null order by 1
    `.execute(app.db);
    expect(rows.map((row) => row.last_error)).toEqual([
      "The mail was not taken (temporary: 451 4.3.0).",
      "The mail was not taken (temporary: connection).",
    ]);
    const places = [...(await dumpDatabase(app.db)), { name: "the log", content: app.logged() }];
    expect(findLeaks(places, { address: ADDRESS })).toEqual([]);
  });

  test("to answer at all has taken the mail, and knows it again by its key", async () => {
    app.mailbox.faults.plan({ kind: "cut_after_accept", times: 1 });
    const id = await queueTo(app.deps, ADDRESS);
    await app.mails();
    expect(await mailState(app.deps, id)).toMatchObject({ state: "queued", attempts: 1 });
    await hurryJobs(app.db);
    expect((await app.mails()).map((mail) => mail.repeats)).toEqual([1]);
    expect(await mailState(app.deps, id)).toMatchObject({ state: "sent", attempts: 2 });
  });
});

test("a server that says nothing, or a little at a time, is given up on, and asked again", async () => {
  const impatient = { smtpUrl: app.mailbox.url, name: "here.example", timeoutMs: 400, deadlineMs: 800 };
  const mailer = createMailer(impatient);
  app.mailbox.faults.plan({ kind: "hang", times: 1 });
  const id = await queueTo(app.deps, ADDRESS);
  await sendDueMails({ ...app.background, mail: mailer });
  expect(await mailState(app.deps, id)).toEqual({ state: "queued", reason: null, attempts: 1 });
  expect(app.logged()).toContain(`"mail_id":"${id}","kind":"manage_link","attempts":1,"code":"timeout"`);

  const trickling = createServer((socket) => {
    const timer = setInterval(() => socket.write("220-wait\r\n"), 20);
    socket.once("close", () => clearInterval(timer)).on("error", () => {});
  });
  const port = await new Promise<number>((resolve) =>
    trickling.listen(0, "127.0.0.1", () => resolve((trickling.address() as AddressInfo).port)),
  );
  const slow = createMailer({ ...impatient, smtpUrl: `smtp://127.0.0.1:${port}` });
  await hurryJobs(app.db);
  await sendDueMails({ ...app.background, mail: slow });
  expect(await mailState(app.deps, id)).toEqual({ state: "queued", reason: null, attempts: 2 });
  slow.close();
  trickling.close();

  app.mailbox.faults.clear();
  await hurryJobs(app.db);
  await sendDueMails(app.background);
  expect(await mailState(app.deps, id)).toEqual({ state: "sent", reason: null, attempts: 3 });
  expect(app.mailbox.mailbox.list()).toHaveLength(1);
  mailer.close();
});

test("without a server mail waits, and no attempt is lost", async () => {
  const none = createMailer({ smtpUrl: null, name: "here.example" });
  const id = await queueTo(app.deps, ADDRESS);
  await sendMail({ ...app.background, mail: none }, id);
  expect(await mailState(app.deps, id)).toEqual({ state: "queued", reason: null, attempts: 0 });
  expect(await waits()).toBeGreaterThan(0);
});

test.each([
  ["smtp://mail.example.org", true],
  ["smtp://user:password@10.1.2.3:587", true],
  ["smtp://127.0.0.1:1025", false],
  ["smtp://localhost:1025", false],
  ["smtp://mailpit:1025", false],
])("addresses are told in the clear on this machine alone: %s", (url, needed) => {
  expect(needsTls(url)).toBe(needed);
});

test("a server elsewhere that doesn't encrypt isn't told an address, whatever its own address asks to be logged", async () => {
  const printed = (["stdout", "stderr"] as const).map((name) => vi.spyOn(process[name], "write"));
  const mailer = createMailer({
    smtpUrl: `${app.mailbox.url}?requireTLS=true&logger=true&debug=true`,
    name: "here.example",
  });
  const id = await queueTo(app.deps, ADDRESS);
  await sendDueMails({ ...app.background, mail: mailer });
  mailer.close();
  expect(await mailState(app.deps, id)).toEqual({ state: "queued", reason: null, attempts: 1 });
  expect(app.mailbox.mailbox.list()).toEqual([]);
  expect(printed.flatMap(({ mock }) => mock.calls.map(String)).join("\n")).not.toContain("leak.example");
});

describe("a server that can't be used", () => {
  const nowhere = () => createMailer({ smtpUrl: "smtp://127.0.0.1:9", name: "here.example", timeoutMs: 500 });
  const row = (id: string) => app.db.selectFrom("mails").selectAll().where("id", "=", id).executeTakeFirstOrThrow();

  test("costs a mail none of its attempts, and it goes out once the server is back", async () => {
    const mailer = nowhere();
    const id = await queueFor("payment_failed");
    for (let times = 0; times < 20; times++) {
      await sendDueMails({ ...app.background, mail: mailer });
      await hurryJobs(app.db);
    }
    mailer.close();
    expect(await row(id)).toMatchObject({ state: "queued", attempts: 20, outages: 20, outage_since: expect.any(Date) });
    expect((await sql`select attempts from graphile_worker.jobs`.execute(app.db)).rows).toEqual([{ attempts: 0 }]);
    app.mailbox.faults.plan({ kind: "temporary", times: 1 });
    await app.mails();
    expect(await row(id)).toMatchObject({ state: "queued", attempts: 21, outages: 20, outage_since: null });
    await hurryJobs(app.db);
    expect(await app.mails()).toHaveLength(1);
  });

  test("is waited for longer each time, a quarter of an hour at most, and five days in all; a command queues such mails again", async () => {
    const mailer = nowhere();
    const ids = [await queueFor("payment_failed"), await queueTo(app.deps, ADDRESS)];
    const outageOf = async (days: number) => {
      await sql`update mails set outage_since = now() - make_interval(days => ${days})`.execute(app.db);
      await hurryJobs(app.db);
      await sendDueMails({ ...app.background, mail: mailer });
    };
    await sendDueMails({ ...app.background, mail: mailer });
    expect(await waits()).toBeLessThan(10);
    await outageOf(4);
    expect(await waits()).toBeGreaterThan(890);
    expect(await waits()).toBeLessThan(910);
    await outageOf(6);
    mailer.close();
    for (const id of ids)
      expect(await mailState(app.deps, id)).toMatchObject({ state: "failed", reason: "connection" });
    const refused = await queueFor("refunded");
    app.mailbox.faults.plan({ kind: "refuse_message", times: 1 });
    await app.mails();
    const since = new Date(Date.now() - 3_600_000);
    expect(await requeueFailed(app.db, { since, kind: "thank_you" })).toEqual({ queued: 0, lost: {} });
    expect(await requeueFailed(app.db, { since: new Date(Date.now() + 1000), kind: null })).toMatchObject({
      queued: 0,
    });
    expect(await requeueFailed(app.db, { since, kind: null })).toEqual({ queued: 1, lost: { manage_link: 1 } });
    expect((await app.mails()).map((mail) => mail.idempotency_key)).toEqual([ids[0]]);
    expect(await mailState(app.deps, refused)).toMatchObject({ state: "failed", reason: "message_refused" });
  });
});

describe("what a server's answer means", () => {
  test.each([
    ["RCPT TO", "550 5.1.1 no such user", "address", "550 5.1.1"],
    ["RCPT TO", "550 5.1.10 null MX", "address", "550 5.1.10"],
    ["RCPT TO", "550 relay not permitted", "temporary", "550"],
    ["RCPT TO", "553 sorry, that domain isn't in my list of allowed rcpthosts", "temporary", "553"],
    ["RCPT TO", "550 5.1.0 rejected", "temporary", "550 5.1.0"],
    ["RCPT TO", "550 5.1.2 host unknown", "temporary", "550 5.1.2"],
    ["RCPT TO", "550 5.1.8 bad sender", "temporary", "550 5.1.8"],
    ["RCPT TO", "550 5.2.1 mailbox disabled", "address", "550 5.2.1"],
    ["DATA", "550 5.1.1 no such user", "address", "550 5.1.1"],
    // Were these held against the address, one wrong setting would mark every donor's.
    ["RCPT TO", "554 5.7.1 relay access denied", "temporary", "554 5.7.1"],
    ["RCPT TO", "550 5.7.606 your address is banned", "temporary", "550 5.7.606"],
    ["RCPT TO", "552 5.2.2 mailbox full", "temporary", "552 5.2.2"],
    ["RCPT TO", "554 no", "temporary", "554"],
    ["RCPT TO", "450 4.2.1 greylisted", "temporary", "450 4.2.1"],
    ["MAIL FROM", "550 5.1.0 sender rejected", "server", "550 5.1.0"],
    ["MAIL FROM", "553 5.1.8 sender's domain doesn't exist", "server", "553 5.1.8"],
    ["MAIL FROM", "552 5.3.4 too big", "temporary", "552 5.3.4"],
    ["DATA", "554 5.7.1 looks like spam", "message", "554 5.7.1"],
    ["DATA", "552 5.3.4 too big", "message", "552 5.3.4"],
    ["DATA", "452 4.3.1 disk full", "temporary", "452 4.3.1"],
    ["DATA", "503 5.5.1 bad sequence", "temporary", "503 5.5.1"],
    ["CONN", "421 too many connections", "server", "421"],
    ["AUTH LOGIN", "535 5.7.8 wrong password", "server", "535 5.7.8"],
  ])("%s: %s", (command, response, outcome, code) => {
    const error = Object.assign(new Error(`${response} <${ADDRESS}>`), {
      command,
      response,
      responseCode: Number(response.slice(0, 3)),
      code: "EENVELOPE",
    });
    const failure = failureOf(error);
    expect(failure).toMatchObject({ outcome, code });
    expect(JSON.stringify([failure.message, failure.stack, failure.cause])).not.toContain(ADDRESS);
  });

  test.each([
    ["ETIMEDOUT", "timeout"],
    ["ESOCKET", "connection"],
    ["ECONNECTION", "connection"],
    ["EDNS", "dns"],
    ["ETLS", "tls"],
    ["EAUTH", "auth"],
  ])("no answer: %s", (code, said) => {
    const error = Object.assign(new Error(ADDRESS), { code });
    expect(failureOf(error)).toMatchObject({ outcome: "server", code: said });
    expect(failureOf(error, true)).toMatchObject({ outcome: "temporary", code: said });
  });

  test("an error that isn't known is the mail's own", () => {
    expect(failureOf(Object.assign(new Error(ADDRESS), { code: "ESOMETHING" }))).toMatchObject({
      outcome: "temporary",
      code: "unknown",
    });
  });
});

describe("what isn't sent, and why", () => {
  test.each([
    ["no_mail", sql`update donations set no_mail = true`],
    ["erased", sql`update stripe_customers set deleted = true`],
    ["no_address", sql`update stripe_customers set email_sealed = null`],
    [
      "complained",
      sql`insert into mail_addresses (address_hash, complained_at) select email_hash, now() from stripe_customers on conflict do nothing`,
    ],
    [
      "unsubscribed",
      sql`insert into mail_addresses (address_hash, unsubscribed_at) select email_hash, now() from stripe_customers on conflict do nothing`,
    ],
  ])("%s", async (reason, cause) => {
    const mail = await queueFor("yearly_note");
    await cause.execute(app.db);
    expect(await app.mails()).toEqual([]);
    expect(await mailState(app.deps, mail)).toEqual({ state: "suppressed", reason, attempts: 0 });
  });

  test("what speaks of payments to come isn't sent once there are none", async () => {
    const mail = await queueFor("card_expiring");
    await sql`update donations set subscription_status = 'canceled'`.execute(app.db);
    expect(await app.mails()).toEqual([]);
    expect(await mailState(app.deps, mail)).toEqual({ state: "suppressed", reason: "over", attempts: 0 });
  });

  test("two years later all are gone but those that could be called for once more", async () => {
    const kinds = ["thank_you", "yearly_note", "refunded", "payment_failed"] as const;
    const ids = await Promise.all(kinds.map(queueFor));
    const waiting = await queueFor("card_expiring");
    const age = (days: number) =>
      sql`
        update mails set state = 'sent', finished_at = clock_timestamp() - make_interval(days => ${days}) where id = any(${ids}::uuid[])
      `.execute(app.db);
    const left = async () =>
      (await app.db.selectFrom("mails").select("kind").orderBy("kind").execute()).map((m) => m.kind);
    await sql`update mails set created_at = now() - interval '3 years'`.execute(app.db);
    await age(729);
    expect(await forgetMails(app.db)).toBe(0);
    await age(732);
    expect(await forgetMails(app.db)).toBe(2);
    expect(await left()).toEqual(["card_expiring", "payment_failed", "refunded"]);
    expect((await mailState(app.deps, waiting)).state).toBe("queued");
  });

  test("a notice about money comes also to who has ended the others", async () => {
    await sql`insert into mail_addresses (address_hash, unsubscribed_at) select email_hash, now() from stripe_customers on conflict do nothing`.execute(
      app.db,
    );
    await queueFor("payment_failed");
    expect(await app.mails()).toHaveLength(1);
  });

  test("a mail whose donor Stripe hasn't told of yet waits for that", async () => {
    await sql`delete from stripe_customers`.execute(app.db);
    const mail = await queueFor("thank_you");
    expect(await app.mails()).toEqual([]);
    expect(await mailState(app.deps, mail)).toEqual({ state: "queued", reason: null, attempts: 0 });
    await app.db.insertInto("stripe_customers").values(customer).execute();
    await hurryJobs(app.db);
    expect(await app.mails()).toHaveLength(1);
    await sql`delete from stripe_customers`.execute(app.db);
    const late = await queueFor("refunded");
    await sql`update mails set created_at = now() - interval '1 hour'`.execute(app.db);
    await app.mails();
    expect(await mailState(app.deps, late)).toMatchObject({ state: "suppressed", reason: "no_address" });
  });
});

describe("a job that was lost", () => {
  const lapse = () =>
    sql`update mails set look_at = now() - interval '1 second', lease_until = lease_until - interval '1 hour'`;

  test("is made anew, whether it is gone, used up, or held by a worker that died", async () => {
    const gone = await queueTo(app.deps, "gone@reader.example");
    const used = await queueTo(app.deps, "used@reader.example");
    const held = await queueTo(app.deps, "held@reader.example");
    await sql`delete from graphile_worker._private_jobs where key = ${`mail:${gone}`}`.execute(app.db);
    await sql`update graphile_worker._private_jobs set attempts = max_attempts where key = ${`mail:${used}`}`.execute(
      app.db,
    );
    await sql`update graphile_worker._private_jobs set locked_at = now() - interval '1 minute', locked_by = 'dead', attempts = 1 where key = ${`mail:${held}`}`.execute(
      app.db,
    );
    await lapse().execute(app.db);
    expect(await app.mails()).toEqual([]);
    expect(await recoverMails(app.background)).toBe(3);
    expect(await recoverMails(app.background)).toBe(0);
    expect(await app.mails()).toHaveLength(3);
  });

  test("leaves nothing behind when another one was put in its place and its worker was killed", async () => {
    const id = await queueTo(app.deps, ADDRESS);
    await sql`update graphile_worker._private_jobs set locked_at = now() - interval '1 minute', locked_by = 'dead', attempts = 1`.execute(
      app.db,
    );
    await lapse().execute(app.db);
    await recoverMails(app.background);
    const jobs = async () =>
      (await sql`select key, locked_by from graphile_worker.jobs order by id`.execute(app.db)).rows;
    expect(await jobs()).toEqual([
      { key: null, locked_by: "dead" },
      { key: `mail:${id}`, locked_by: null },
    ]);
    expect(await removeSpentJobs(app.db, 120_000)).toBe(0);
    expect(await removeSpentJobs(app.db, 50_000)).toBe(1);
    expect(await jobs()).toEqual([{ key: `mail:${id}`, locked_by: null }]);
    expect(await app.mails()).toHaveLength(1);
    expect(await jobs()).toEqual([]);
  });

  test("in the middle of sending is taken up once the lease has lapsed, not before", async () => {
    const id = await queueTo(app.deps, ADDRESS);
    await sql`update mails set state = 'sending', attempts = 1, lease_until = now() + interval '40 seconds', look_at = now()`.execute(
      app.db,
    );
    await sql`update graphile_worker._private_jobs set locked_at = now(), locked_by = 'dead', attempts = 1`.execute(
      app.db,
    );
    expect(await recoverMails(app.background)).toBe(1);
    expect(await app.mails()).toEqual([]);
    await lapse().execute(app.db);
    expect(await recoverMails(app.background)).toBe(1);
    expect(await app.mails()).toHaveLength(1);
    expect(await mailState(app.deps, id)).toEqual({ state: "sent", reason: null, attempts: 2 });
  });

  test("is looked for among what isn't done, by an index", async () => {
    const { rows } = await app.db.transaction().execute(async (trx) => {
      await sql`set local enable_seqscan = off`.execute(trx);
      return await sql<{ "QUERY PLAN": string }>`
        explain select id from mails where state in ('queued', 'sending') and look_at <= clock_timestamp() order by look_at limit 500
      `.execute(trx);
    });
    expect(rows.map((row) => row["QUERY PLAN"]).join("\n")).toContain("mails_unfinished");
  });
});

describe("held back", () => {
  test("by the newsroom, nothing goes and nothing is lost; afterwards it does", async () => {
    changes = { paused: true };
    const ids = [await queueTo(app.deps, "a@reader.example"), await queueTo(app.deps, "b@reader.example")];
    expect(await app.mails()).toEqual([]);
    expect(await recoverMails(app.background)).toBe(0);
    for (const id of ids) expect(await mailState(app.deps, id)).toEqual({ state: "queued", reason: null, attempts: 0 });
    changes = {};
    expect(await app.mails()).toHaveLength(2);
  });

  test("a new template goes out at so many a minute until so many have gone", async () => {
    changes = { ramp: { per_minute: 3, first: 5 } };
    for (let n = 0; n < 9; n++) await queueTo(app.deps, `ramp-${n}@reader.example`);
    expect(await app.mails()).toHaveLength(3);
    await hurryJobs(app.db);
    expect(await app.mails()).toHaveLength(3);
    expect(await waits()).toBeGreaterThan(50);
    const { rows } = await sql`select from mails where state = 'queued' and attempts = 0`.execute(app.db);
    expect(rows).toHaveLength(6);
    await minuteLater();
    // With two more five have gone, and the others needn't wait.
    expect(await app.mails()).toHaveLength(9);
  });

  test("by several workers at once it is the same", async () => {
    changes = { ramp: { per_minute: 4, first: 100 } };
    for (let n = 0; n < 20; n++) await queueTo(app.deps, `many-${n}@reader.example`);
    await Promise.all(Array.from({ length: 4 }, () => sendDueMails(app.background)));
    expect(app.mailbox.mailbox.list()).toHaveLength(4);
    await minuteLater();
    await Promise.all(Array.from({ length: 4 }, () => sendDueMails(app.background)));
    expect(app.mailbox.mailbox.list()).toHaveLength(8);
  });

  async function minuteLater(): Promise<void> {
    await sql`update mail_ramps set recent = array(select at - interval '61 seconds' from unnest(recent) as at), place_at = '-infinity'`.execute(
      app.db,
    );
    await hurryJobs(app.db);
  }
});

/** Seconds until the next job is due. */
async function waits(): Promise<number> {
  const { rows } = await sql<{ seconds: number }>`
    select extract(epoch from min(run_at) - clock_timestamp())::float8 as seconds from graphile_worker.jobs
  `.execute(app.db);
  return rows[0]?.seconds ?? 0;
}

const DATA = { frequency: "monthly", amount: 1000, currency: "USD" } as const;
const KINDS = {
  thank_you: { ...DATA, frequency: "once", paid_on: "2026-03-01" },
  refunded: { ...DATA, of: 1000 },
  yearly_note: { ...DATA, since: "2025-03-01", total: 12_000, payments: 12 },
  card_expiring: { ...DATA, expires: "2026-04", next_on: null },
  payment_failed: { ...DATA, reason: "card_expired", next_try_on: null },
} as const;

async function queueFor(kind: keyof typeof KINDS): Promise<string> {
  const mail = { kind, cause: donationId, donationId, data: KINDS[kind] } as Parameters<typeof queueMails>[1][number];
  expect(await inTransaction(app.db, (trx) => queueMails(trx, [mail]))).toHaveLength(1);
  return mailId(kind, donationId);
}
