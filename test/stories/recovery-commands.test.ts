import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { sql } from "kysely";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { TestApp } from "../support/app.ts";
import { type Books, readBooks, writersOf } from "../support/books.ts";
import { busyAccount, DAY_MS, untilNoon } from "../support/busy-account.ts";
import { give } from "../support/giving.ts";
import { PROJECT, runNode } from "../support/run-node.ts";
import { openWorld, type World } from "../support/world.ts";

let app: TestApp;
let dataDir: string;

beforeAll(async () => {
  dataDir = await mkdtemp(join(tmpdir(), "recovery-"));
  app = await busyAccount();
  await untilNoon(app);
}, 120_000);
afterAll(async () => {
  await app.close();
  await rm(dataDir, { recursive: true, force: true });
});

function environment(of: Pick<TestApp, "databaseUrl">): Record<string, string> {
  const [key] = app.settings.loadKeys();
  return {
    NODE_ENV: "development",
    DATA_DIR: dataDir,
    DATABASE_URL: of.databaseUrl,
    STRIPE_SECRET_KEY: "sk_test_sandbox",
    STRIPE_API_BASE: app.standIn.url,
    DATA_KEYS: `${key?.id}:${key?.key.toString("base64")}`,
  };
}

const donations = (of: Pick<TestApp, "databaseUrl">, ...args: string[]) =>
  runNode(["src/cli/main.ts", ...args], environment(of));

/** Without what only tells when it was seen, or where a donation was first heard of. */
async function booksOf(of: Pick<TestApp, "db">): Promise<Books> {
  const {
    donations: gifts,
    payments,
    payment_movements,
    balance_transactions,
    payout_lines,
    stripe_refunds,
  } = await readBooks(of.db, app.deps.vault, new Set());
  const remembered = gifts?.map(({ created_at, origin, ...row }) => row) ?? [];
  const refunds = stripe_refunds?.map(({ as_of, ...row }) => row) ?? [];
  return {
    donations: remembered,
    payments: payments ?? [],
    payment_movements: payment_movements ?? [],
    balance_transactions: balance_transactions ?? [],
    payout_lines: payout_lines ?? [],
    refunds,
  };
}

async function inWorld(story: (world: World) => Promise<void>): Promise<void> {
  const world = await openWorld(app, { checkouts: false });
  try {
    await story(world);
  } finally {
    await world.close();
  }
}

/** Product time is behind Stripe's here: the account has lived through weeks. */
const SINCE = "2026-01-01";

describe("backfill", () => {
  test("killed with -9 again and again, then let run: the original books, and no trace of a place in a list", async () => {
    await inWorld(async (world) => {
      for (const delay of [350, 500, 650, 800, 1000, 1300]) {
        const child = spawn(process.execPath, ["src/cli/main.ts", "backfill", "--since", SINCE], {
          cwd: PROJECT,
          env: environment(world),
          stdio: "ignore",
        });
        await Promise.race([sleep(delay), once(child, "exit")]);
        await killed(child);
      }
      // A pull that was killed holds the ledger for up to a minute.
      await sql`update cursors set lease_until = '-infinity'`.execute(world.db);
      const done = await donations(world, "backfill", "--since", SINCE);
      expect(done.stderr).not.toMatch(/failed/);
      expect(done.code).toBe(0);
      expect(await booksOf(world)).toEqual(await booksOf(app));
      expect((await sql`select from backfill_lists`.execute(world.db)).rows).toEqual([]);
    });
  });

  test("killed while Stripe is silent, it goes on where each list was, and sees what was made meanwhile", async () => {
    await inWorld(async (world) => {
      app.standIn.failNext({ kind: "hang", times: 2, path: "/v1/events" });
      const child = spawn(process.execPath, ["src/cli/main.ts", "backfill", "--since", SINCE], {
        cwd: PROJECT,
        env: environment(world),
        stdio: "ignore",
      });
      const lists = async () =>
        (
          await sql<{ list: string }>`select list from backfill_lists where done and after_id is not null`.execute(
            world.db,
          )
        ).rows;
      for (let tries = 0; (await lists()).length < 10 && tries < 200; tries++) await sleep(50);
      await killed(child);
      expect((await lists()).length).toBeGreaterThanOrEqual(10);
      await app.standIn.advance(2 * 3_600_000);
      await give(app, { amount: 4400 }, { email: "meanwhile@example.org" });
      await app.settle();
      expect((await donations(world, "backfill", "--since", SINCE)).code).toBe(0);
      expect(await booksOf(world)).toEqual(await booksOf(app));
    });
  });

  test("says in a dry run what would change, and who nobody is; refuses a date that is none", async () => {
    await inWorld(async (world) => {
      const before = await writersOf(world.db);
      const dry = await donations(world, "backfill", "--since", SINCE, "--dry-run");
      expect(dry.code).toBe(0);
      expect(dry.stdout).toMatch(/^charge {2}ch_\w+ {2}new$/m);
      expect(dry.stdout).toMatch(/^Would be new: donations \d+$/m);
      expect(dry.stdout + dry.stderr).not.toMatch(/example\.org|Reader/);
      expect(await writersOf(world.db)).toEqual(before);
      const bad = [[], ["--since", "yesterday"], ["--since", "2190-01-01"], ["--since", SINCE, "--force"]];
      for (const refused of await Promise.all(bad.map((args) => donations(world, "backfill", ...args)))) {
        expect(refused.code).toBe(1);
        expect(refused.stderr).toMatch(/Use: backfill --since/);
      }
    });
  });

  test("what an endpoint that was down has missed is given back", async () => {
    const webhook = { url: `${app.url}/webhooks/stripe`, secret: app.webhookSecret };
    await app.standIn.settled();
    app.standIn.setWebhook(null);
    const lost = await give(app, { amount: 5500 }, { email: "lost@example.org" });
    const monthly = await give(app, { frequency: "monthly", amount: 600 }, { email: "lost-monthly@example.org" });
    const charge = await app.db
      .selectFrom("payments")
      .select("stripe_charge")
      .where("amount", "=", 5100)
      .executeTakeFirst();
    await app.deps.stripe.api.refunds
      .create({ charge: charge?.stripe_charge ?? "", amount: 100 })
      .catch(() => undefined);
    await app.standIn.advance(35 * DAY_MS, { finishDrafts: true });
    app.standIn.setWebhook(webhook);
    await app.settle();
    const paid = async () =>
      await app.db
        .selectFrom("payments")
        .select(["donation_id", "installment"])
        .where("donation_id", "in", [lost.id, monthly.id])
        .orderBy("installment")
        .execute();
    expect(await paid()).toEqual([]);
    const healedBefore = await audited("books_healed");
    const told = await donations(app, "reconcile", "--since", SINCE, "--json");
    expect(told.code).toBe(1);
    expect(JSON.parse(told.stdout).differences.length).toBeGreaterThan(3);
    expect((await donations(app, "backfill", "--since", SINCE)).code).toBe(0);
    expect((await paid()).map((row) => row.installment)).toEqual([1, 1, 2]);
    const agreed = await donations(app, "reconcile", "--since", SINCE);
    expect(agreed.stdout).toMatch(/nothing differs\.$/m);
    expect(agreed.code).toBe(0);
    const filled = { since: SINCE, outcome: "done", pulled: expect.any(Number) };
    expect((await audited("backfilled")).at(-1)).toMatchObject(filled);
    expect(await audited("books_healed")).toEqual(healedBefore);
  });
});

async function audited(action: string) {
  const rows = await app.db
    .selectFrom("audit_entries")
    .select("detail")
    .where("action", "=", action)
    .where("actor_kind", "=", "command_line")
    .orderBy("id")
    .execute();
  return rows.map(({ detail }) => detail);
}

describe("reconcile", () => {
  test("heals what an endpoint that was down has missed, and ends with 0 only then", async () => {
    await app.standIn.settled();
    app.standIn.setWebhook(null);
    const { id } = await give(app, { frequency: "annual", amount: 7000 }, { email: "lost-annual@example.org" });
    app.standIn.setWebhook({ url: `${app.url}/webhooks/stripe`, secret: app.webhookSecret });
    await app.standIn.advance(3 * 3_600_000);
    await app.settle();
    const found = await donations(app, "reconcile", "--since", SINCE);
    expect(found.code).toBe(1);
    expect(found.stdout).toMatch(/^charge_missing {2}ch_\w+ {2}since \d{4}-/m);
    expect(found.stdout).toMatch(/No event of it has arrived/);
    expect(found.stdout + found.stderr).not.toMatch(/example\.org|Reader/);
    const healed = await donations(app, "reconcile", "--since", SINCE, "--fix", "--json");
    expect(JSON.parse(healed.stdout)).toMatchObject({ remaining: 0, differences: [] });
    expect(healed.code).toBe(0);
    expect(await audited("books_healed")).toMatchObject([
      { since: SINCE, outcome: "asked" },
      { since: SINCE, outcome: "done", healed: expect.any(Number), remaining: 0 },
    ]);
    const donation = await app.db.selectFrom("donations").select("status").where("id", "=", id).executeTakeFirst();
    expect(donation?.status).toBe("paid");
  });
});

describe("rebuild", () => {
  test("--check finds nothing in sound books, names each row that was altered, and ends with 1 then; without it they are mended", async () => {
    const sound = await donations(app, "rebuild", "--check");
    expect(sound.stdout).toMatch(/^\d+ donations were derived again: no differences\.$/m);
    expect(sound.code).toBe(0);
    const before = await booksOf(app);
    const writers = await writersOf(app.db);

    const payment = await app.db
      .selectFrom("payments")
      .select(["id", "donation_id"])
      .where("status", "=", "paid")
      .limit(1)
      .executeTakeFirstOrThrow();
    const gone = await app.db
      .selectFrom("payments")
      .select("id")
      .where("donation_id", "<>", payment.donation_id)
      .limit(1)
      .executeTakeFirstOrThrow();
    await sql`update payments set refunded = 1, card_country = 'XX' where id = ${payment.id}`.execute(app.db);
    await sql`delete from payments where id = ${gone.id}`.execute(app.db);
    await sql`update donations set status = 'failed' where id = ${payment.donation_id}`.execute(app.db);
    await sql`
      insert into payments (id, donation_id, frequency, installment, status, currency, amount, booked_at, stripe_invoice)
      values ('00000000-0000-4000-8000-000000000001', ${payment.donation_id}, 'once', 99, 'failed', 'USD', 1, now(), 'in_none')
    `.execute(app.db);
    const altered = await donations(app, "rebuild", "--check");
    expect(altered.code).toBe(1);
    expect(altered.stdout).toMatch(
      new RegExp(
        `^payments {2}${payment.id} {2}donation ${payment.donation_id} {2}changed {2}card_country,refunded$|^payments {2}${payment.id} {2}donation ${payment.donation_id} {2}changed {2}refunded,card_country$`,
        "m",
      ),
    );
    expect(altered.stdout).toMatch(new RegExp(`^payments {2}${gone.id} .* new$`, "m"));
    expect(altered.stdout).toMatch(/^payments {2}00000000-0000-4000-8000-000000000001 .* gone$/m);
    expect(altered.stdout).toMatch(new RegExp(`^donations {2}${payment.donation_id} .* changed {2}status$`, "m"));

    const mended = await donations(app, "rebuild");
    expect(mended.stdout).toMatch(/^\d+ donations were derived anew\.$/m);
    expect(await booksOf(app)).toEqual(before);
    expect((await donations(app, "rebuild", "--check")).code).toBe(0);
    expect(Object.keys(writers).length).toBeGreaterThan(10);
    const again = await writersOf(app.db);
    expect((await donations(app, "rebuild")).code).toBe(0);
    expect(await writersOf(app.db)).toEqual(again);
    expect((await donations(app, "rebuild", "--all")).code).toBe(1);
  });
});

async function killed(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exit = once(child, "exit");
  child.kill("SIGKILL");
  await exit;
}
