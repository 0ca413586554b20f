import { randomBytes } from "node:crypto";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { type AddressInfo, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { sql } from "kysely";
import pg from "pg";
import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import { eventsCommand } from "../../src/cli/events.ts";
import { mailCommand } from "../../src/cli/mail.ts";
import type { StripeStandIn } from "../../src/sandbox/stripe/server.ts";
import { asSetupError } from "../../src/settings.ts";
import { SetupError } from "../../src/shared/errors.ts";
import { readToken } from "../../src/staff/tokens.ts";
import { createKeyring } from "../../src/vault/keyring.ts";
import { loadLookupKey } from "../../src/vault/lookup-key.queries.ts";
import { createVault } from "../../src/vault/vault.ts";
import { type TestDatabase, testDatabase } from "../support/database.ts";
import { dropDatabase, execute, urlOf } from "../support/database-server.ts";
import { type Ended, runNode, runToEnd } from "../support/run-node.ts";
import { startStandIn } from "../support/stripe-stand-in.ts";

/** A frame of a stack, or a file of ours. */
const STACK = /^\s+at |\.ts:\d/m;
const SECRET = "s3cret-7f3a91";

let database: TestDatabase;
let standIn: StripeStandIn;
let dataDir: string;
beforeAll(async () => {
  database = await testDatabase();
  standIn = await startStandIn();
  dataDir = await mkdtemp(join(tmpdir(), "commands-"));
});
afterAll(async () => {
  await standIn.close();
  await database.drop();
  await rm(dataDir, { recursive: true, force: true });
});

const env = (more: Record<string, string> = {}): Record<string, string> => ({
  NODE_ENV: "development",
  DATA_DIR: dataDir,
  DATABASE_URL: database.url,
  ...more,
});
const donations = (args: readonly string[], variables = env()) => runNode(["src/cli/main.ts", ...args], variables);
const service = (verb: string, variables = env()) => runNode(["src/main.ts", verb], variables);

/** Ended with exit code 1 and words for an operator. */
function expectRefusal(ended: Ended, words: RegExp): void {
  expect(ended.stderr).toMatch(words);
  expect(ended.stderr).not.toMatch(STACK);
  expect(`${ended.stdout}${ended.stderr}`).not.toContain(SECRET);
  expect(ended.code).toBe(1);
}

describe("migrate", () => {
  let url: string;
  let name: string;
  beforeAll(async () => {
    const server = inject("databaseServer");
    name = `${server.template}_empty_${randomBytes(4).toString("hex")}`;
    await execute(server.url, `create database ${name}`);
    url = urlOf(server.url, name);
  });
  afterAll(() => dropDatabase(inject("databaseServer").url, name));

  test("makes the tables that all else refuses to do without; of two at once, neither fails", async () => {
    const empty = env({ DATABASE_URL: url });
    const [serve, work, token] = await Promise.all([
      service("serve", empty),
      service("work", empty),
      donations(["token", "create", "--role", "finance"], empty),
    ]);
    expectRefusal(serve, /^The database lacks \d+ migration\(s\).*Run `npm run donations -- migrate`/m);
    expectRefusal(work, /^The database lacks \d+ migration\(s\).*Run `npm run donations -- migrate`/m);
    expectRefusal(token, /^The database has no tables yet\. Run `npm run donations -- migrate`/m);

    const both = await Promise.all([donations(["migrate"], empty), donations(["migrate"], empty)]);
    expect(both.map(({ code }) => code)).toEqual([0, 0]);
    expect(both.map(({ stdout }) => stdout).join("")).toMatch(/Applied: 0001-first/);
    expect((await donations(["migrate"], empty)).stdout).toBe("Nothing to do: the database is up to date.\n");
  });
});

describe("token create", () => {
  test("prints the token on a line of its own, which lets in, and nothing else on stdout", async () => {
    const [direct, throughNpm] = await Promise.all([
      donations(["token", "create", "--role", "finance", "--days", "1"]),
      runToEnd("npm", ["run", "donations", "--", "token", "create", "--role", "audience"], env()),
    ]);
    expect(direct.code).toBe(0);
    expect(direct.stderr).toContain("valid for 1 day.");
    expect(direct.stdout).toMatch(/^rdt_[\w-]{43}\n$/);
    expect(await readToken(database.db, direct.stdout.trim())).toMatchObject({ role: "finance" });
    expect(throughNpm.code).toBe(0);
    const lines = throughNpm.stdout.split("\n").filter((line) => line.startsWith("rdt_"));
    expect(lines).toHaveLength(1);
    expect(await readToken(database.db, lines[0] ?? "")).toMatchObject({ role: "audience" });
  });

  test("with wrong arguments says what it expects, and makes none", async () => {
    const count = async () => (await database.db.selectFrom("staff_tokens").select("id").execute()).length;
    const before = await count();
    const [role, nothing, flag, twice] = await Promise.all([
      donations(["token", "create", "--role", "boss", "--days", "0"]),
      donations(["token"]),
      donations(["token", "create", "--role", "finance", "--forever"]),
      donations(["token", "create", "--role", "finance", "--role", "admin"]),
    ]);
    expectRefusal(role, /--role: expected one of .*finance[\s\S]*--days: expected[\s\S]*Use: token create/);
    expectRefusal(nothing, /Use: token create/);
    expectRefusal(flag, /--forever[\s\S]*Use: token create/);
    expectRefusal(twice, /--role and --days can be given once each[\s\S]*Use: token create/);
    expect(await count()).toBe(before);
  });
});

test("rotate-keys seals anew under the key that was put first, and in development makes one when asked to", async () => {
  const [older, newer] = [randomBytes(32), randomBytes(32)].map((key) => key.toString("base64"));
  const keyOf = (id: string, key = "") => ({ id, key: Buffer.from(key, "base64") });
  const keyring = createKeyring(() => [keyOf("older", older)]);
  const own = await testDatabase();
  try {
    const vault = createVault(keyring, await loadLookupKey(own.db, keyring));
    const sealed = Array.from({ length: 600 }, (_, index) =>
      vault.seal(`{"n":${index}}`, `stripe_events.payload_sealed:evt_${index}`),
    );
    await sql`
      insert into stripe_events (id, type, livemode, created, payload_sealed)
      select 'evt_' || (n - 1), 'a.test', false, now(), payload from unnest(${sealed}::bytea[]) with ordinality as t (payload, n)
    `.execute(own.db);
    const run = (keys: string) => donations(["rotate-keys"], env({ DATABASE_URL: own.url, DATA_KEYS: keys }));

    const rotated = await run(`newer:${newer},older:${older}`);
    expect(rotated.stdout).toMatch(/^stripe_events\.payload_sealed: 600 sealed anew$/m);
    expect(rotated.stdout).toMatch(/^vault_lookup_key\.wrapped: 1 sealed anew$/m);
    expect(rotated.code).toBe(0);
    const [again, oldOnly, wrong] = await Promise.all([
      run(`newer:${newer}`),
      run(`older:${older}`),
      run(`newer:${older}`),
    ]);
    expect(again.stdout).toMatch(/^stripe_events\.payload_sealed: 0 sealed anew$/m);
    expectRefusal(oldOnly, /^DATA_KEYS: the data key "newer" is missing/m);
    expectRefusal(wrong, /^DATA_KEYS: a key has the right id but doesn't open/m);

    await sql`update stripe_events set payload_sealed = substr(payload_sealed, 1, 40) where id = 'evt_7'`.execute(
      own.db,
    );
    const spoilt = await run(`third:${older},newer:${newer}`);
    expectRefusal(spoilt, /^stripe_events\.payload_sealed of evt_7 doesn't open[\s\S]*The older keys must stay/m);
    expect(spoilt.stdout).toMatch(/^stripe_events\.payload_sealed: 599 sealed anew$/m);
  } finally {
    await own.drop();
  }

  const keysNow = async () => (await readFile(join(dataDir, "data-keys"), "utf8")).trim().split(",");
  const first = await donations(["rotate-keys"]);
  expect(first.stdout).toMatch(/^Nothing to do: everything is under the data key [0-9a-f]{8}\./m);
  const one = await keysNow();
  expect((await donations(["rotate-keys"])).stdout).toMatch(/^Nothing to do/m);
  expect(await keysNow()).toEqual(one);

  const made = await donations(["rotate-keys", "--new-key"]);
  const [added, ...before] = await keysNow();
  expect(before).toEqual(one);
  expect(made.stdout).toMatch(new RegExp(`^Made the data key ${added?.slice(0, 8)}\\.$`, "m"));
  expect(made.stdout).toMatch(/^vault_lookup_key\.wrapped: 1 sealed anew$/m);
  expect((await donations(["rotate-keys"])).stdout).toMatch(/^Nothing to do/m);
  const elsewhere = await donations(["rotate-keys", "--new-key"], env({ DATA_KEYS: `k:${newer}` }));
  expectRefusal(elsewhere, /^--new-key: DATA_KEYS is set/m);
});

describe("stripe setup", () => {
  const withStripe = (more: Record<string, string>) =>
    env({ STRIPE_SECRET_KEY: `sk_test_${SECRET.replaceAll("-", "")}`, STRIPE_API_BASE: standIn.url, ...more });

  test("makes the product and the portal's configuration once", async () => {
    const made = await donations(["stripe", "setup"], withStripe({}));
    expect(made.stdout).toBe("Product reader_support: made.\nCustomer portal: made.\n");
    const again = await donations(["stripe", "setup"], withStripe({}));
    expect(again.stdout).toBe("Product reader_support: was there.\nCustomer portal: was there.\n");
    expect(standIn.requests.count("POST", "/v1/products")).toBe(1);
    expect(standIn.requests.count("POST", "/v1/billing_portal/configurations")).toBe(1);
  });

  test("says what keeps it from doing so", async () => {
    standIn.failNext({ kind: "status", status: 401 });
    const [noKey, noStripe, noVerb, refused] = await Promise.all([
      donations(["stripe", "setup"], env()),
      donations(["stripe", "setup"], withStripe({ STRIPE_API_BASE: "http://127.0.0.1:9" })),
      donations(["stripe", "set-up"], withStripe({})),
      donations(["stripe", "setup"], withStripe({})),
    ]);
    expectRefusal(noKey, /^STRIPE_SECRET_KEY: is not set/m);
    expectRefusal(noStripe, /^Stripe can't be reached/m);
    expectRefusal(noVerb, /^Use: stripe setup/m);
    expectRefusal(refused, /^STRIPE_SECRET_KEY: Stripe refuses it/m);
  });
});

describe("the list of commands", () => {
  const LIST =
    /^Use: npm run donations -- VERB\n[\s\S]*migrate[\s\S]*rotate-keys[\s\S]*token create[\s\S]*token list[\s\S]*token revoke/m;

  test("is what help prints", async () => {
    const ended = await Promise.all([["help"], ["--help"], ["-h"], ["token", "--help"]].map((args) => donations(args)));
    for (const each of ended) {
      expect(each.stdout).toMatch(LIST);
      expect(each.stderr).toBe("");
      expect(each.code).toBe(0);
    }
  });

  test("answers a verb that there is not, by its name", async () => {
    const ended = await Promise.all([[], ["nonsense"], ["toString"]].map((args) => donations(args)));
    for (const each of ended) expectRefusal(each, LIST);
    expect(ended.map(({ stderr }) => stderr.split("\n")[0])).toEqual([
      "Use: npm run donations -- VERB",
      'There is no command "nonsense".',
      'There is no command "toString".',
    ]);
    expectRefusal(await service("nonsense"), /Expected one of: start, serve, work/);
  });
});

test("arguments are looked at before the database", async () => {
  const unreachable = env({ DATABASE_URL: "postgres://nobody@127.0.0.1:9/none" });
  const ended = await Promise.all(["reconcile", "events", "token"].map((verb) => donations([verb], unreachable)));
  for (const each of ended) {
    expectRefusal(each, /^Use: /m);
    expect(each.stderr).not.toContain("DATABASE_URL");
  }
});

describe("mail", () => {
  test.each([
    [["retry"], /^--since: expected a day as YYYY-MM-DD\.\nUse: mail retry/],
    [["retry", "--since", "2026-02-30"], /^--since: expected a day/],
    [["retry", "--since", "2026-02-03", "--kind", "spam"], /^--kind: expected one of thank_you/],
    [["retry", "extra", "--since", "2026-02-03"], /^extra: is not expected here/],
    [["unmark", "--since", "2026-02-03"], /^Use: mail retry/],
    [["unmark"], /^--bounced-since: expected a day/],
    [[], /^Use: mail retry/],
  ])("%j says what it expects", (args, words) => {
    expect(() => mailCommand(args)).toThrow(SetupError);
    expect(() => mailCommand(args)).toThrow(words);
  });

  test("says how many it has queued again, and how many addresses get mail again", async () => {
    await execute(
      database.url,
      "insert into mail_addresses (address_hash, bounced_at) values ('\\x01', now()), ('\\x02', now() - interval '400 days')",
    );
    await execute(
      database.url,
      "insert into mails (id, kind, cause, donation_id, state, reason, finished_at) values (gen_random_uuid(), 'refunded', 'a', gen_random_uuid(), 'failed', 'connection', now()), (gen_random_uuid(), 'reminder', 'b', null, 'failed', 'connection', now())",
    );
    const yesterday = new Date(Date.now() - 2 * 86_400_000).toISOString().slice(0, 10);
    const unmarked = await donations(["mail", "unmark", "--bounced-since", yesterday]);
    expect([unmarked.code, unmarked.stdout]).toEqual([0, "1 address(es) get mail again.\n"]);
    const retried = await donations(["mail", "retry", "--since", yesterday]);
    expect([retried.code, retried.stdout]).toEqual([
      0,
      "1 mail(s) are queued again.\n1 of the kind reminder can't be sent any more: the address went when they were given up.\n",
    ]);
  });
});

describe("events", () => {
  test.each([
    [["replay"], /^Use: events list/],
    [["replay", "--dead", "evt_x"], /^evt_x: is not expected here/],
    [["replay", "evt_x", "--limit", "3"], /^--limit: is not expected here/],
    [["list", "extra"], /^extra: is not expected here/],
    [["dead", "x"], /^x: is not expected here/],
    [["dead", "--type", "invoice.paid"], /^--type: is not expected here/],
    [["list", "--limit", "-1"], /^--limit: expected a value behind it\.\nUse: /],
    [["list", "--limit=-1"], /^--limit: expected a whole number from 1 to 99999/],
    [["list", "--state", "lost"], /^--state: expected one of/],
    [["list", "--forever"], /^--forever: there is no such flag here\.\nUse: /],
    [["replay", "--dead=yes"], /^--dead: takes no value\.\nUse: /],
    [["lsit"], /^Use: events list/],
    [[], /^Use: events list/],
  ])("refuses %j and says what was expected", (args, words) => {
    expect(() => eventsCommand(args)).toThrow(SetupError);
    expect(() => eventsCommand(args)).toThrow(words);
  });

  test("dead ones are listed with what can be done", async () => {
    await sql`
      insert into stripe_events (id, type, livemode, created, object_id, state, reason)
      values ('evt_dead', 'invoice.paid', false, now(), 'in_1', 'dead', 'TypeError')
    `.execute(database.db);
    const listed = await donations(["events", "dead"]);
    expect(listed.stdout).toMatch(/ {2}evt_dead {2}invoice\.paid {2}dead {2}in_1 {2}TypeError$/m);
    expect(listed.stderr).toMatch(/events replay/);
    expect((await donations(["events", "replay", "--dead"])).stdout).toMatch(/^evt_dead: its payload was purged/);
    await sql`delete from stripe_events where id = 'evt_dead'`.execute(database.db);
  });
});

test("an argument that a command doesn't know is refused, and nothing is done", async () => {
  const ended = await Promise.all(
    [
      ["migrate", "--all"],
      ["rotate-keys", "--newkey"],
      ["rotate-keys", "--new-key", "x"],
      ["stripe", "setup", "x"],
    ].map((args) => donations(args, env({ STRIPE_SECRET_KEY: "sk_test_x", STRIPE_API_BASE: standIn.url }))),
  );
  for (const each of ended) {
    expectRefusal(each, /^Use: (?:migrate|rotate-keys \[--new-key\]|stripe setup)/);
    expect(each.stdout).toBe("");
  }
});

describe("without a database", () => {
  test("each program says what is wrong with DATABASE_URL, and never what it is", async () => {
    const wrong = new URL(database.url);
    wrong.password = SECRET;
    const refused = /^DATABASE_URL: the database refuses \(ECONNREFUSED\)/m;
    const ended = await Promise.all([
      donations(["migrate"], env({ DATABASE_URL: `postgres://ada:${SECRET}@127.0.0.1:9/x` })),
      service("serve", env({ DATABASE_URL: `postgres://ada:${SECRET}@localhost:9/x` })),
      donations(["migrate"], env({ DATABASE_URL: wrong.href })),
      service("work", env({ DATABASE_URL: urlOf(database.url, SECRET) })),
    ]);
    const words = [refused, refused, /^DATABASE_URL: .*\(28P01\)/m, /^DATABASE_URL: .*\(3D000\)/m];
    for (const [index, each] of ended.entries()) expectRefusal(each, words[index] as RegExp);
  });

  test("that answers, the driver's own silence is a fault of DATABASE_URL too", async () => {
    const silent = createServer();
    await new Promise<void>((resolve) => silent.listen(0, "127.0.0.1", resolve));
    const { port } = silent.address() as AddressInfo;
    const pool = new pg.Pool({ host: "127.0.0.1", port, connectionTimeoutMillis: 100 });
    const fault = await pool.query("select 1").catch(asSetupError);
    await pool.end();
    silent.close();
    expect(fault).toBeInstanceOf(SetupError);
    expect(String(fault)).toMatch(/DATABASE_URL: the database doesn't answer/);
  });

  test("in development and with no `npm start` to attach to, each names both ways out", async () => {
    const { DATABASE_URL: _, ...unset } = env({ DATA_DIR: join(dataDir, "nobody-here") });
    const ended = await Promise.all([donations(["migrate"], unset), service("serve", unset), service("work", unset)]);
    for (const each of ended)
      expectRefusal(each, /^DATABASE_URL: is not set, and no `npm start` is running on this DATA_DIR/m);
  });
});

test("production names every fault at once, without a value, and starts nothing", async () => {
  const faulty = {
    NODE_ENV: "production",
    DATABASE_URL: `mysql://${SECRET}`,
    STRIPE_SECRET_KEY: `sk_test_${SECRET.replaceAll("-", "_")}`,
    STRIPE_WEBHOOK_SECRET: `whsec_sandbox${SECRET}`,
    SMTP_URL: "",
    DATA_KEYS: `k1:${SECRET}`,
    PUBLIC_URL: `http://localhost:3000/${SECRET}`,
    PORT: "70000",
  };
  const ended = await Promise.all([
    service("serve", faulty),
    service("start", faulty),
    service("work", { NODE_ENV: "production" }),
    donations(["migrate"], faulty),
  ]);
  for (const each of ended) {
    expectRefusal(each, /^DATABASE_URL: /m);
    const named = new Set(
      each.stderr
        .trim()
        .split("\n")
        .map((line) => line.split(":")[0]),
    );
    const expected = [
      "DATABASE_URL",
      "STRIPE_SECRET_KEY",
      "STRIPE_WEBHOOK_SECRET",
      "SMTP_URL",
      "DATA_KEYS",
      "PUBLIC_URL",
    ];
    expect([...named]).toEqual(expect.arrayContaining(expected));
    expect(each.stderr).not.toContain(SECRET.replaceAll("-", "_"));
    expect(each.stdout).toBe("");
  }
  expect(ended[0].stderr).toMatch(/^PORT: /m);
});
