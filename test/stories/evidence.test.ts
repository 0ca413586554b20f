import { createHash } from "node:crypto";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { unzipSync } from "fflate";
import { sql } from "kysely";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { reconcile } from "../../src/ledger/reconcile/reconcile.ts";
import { alteredSince } from "../../src/reports/close/altered.ts";
import { closeMonth } from "../../src/reports/close/close.ts";
import { periodOfMonth } from "../../src/reports/close/months.ts";
import { evidenceZip } from "../../src/reports/evidence/archive.ts";
import { startApp, type TestApp } from "../support/app.ts";
import { closingDeps } from "../support/closing.ts";
import { give } from "../support/giving.ts";
import { runNode } from "../support/run-node.ts";

/*
 * A January at the simulated Stripe: 50.00 once of which 10.00 go back, 20.00 a month, 30.00 that a bank takes back, daily payouts. Stripe's fee is
 * 2.9 % and 0.30, and 15.00 on a dispute.
 */

const DAY_MS = 86_400_000;

let app: TestApp;
let folder: string;
let year: number;
let bytes: Buffer;
let files: ReadonlyMap<string, string>;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "evidence-"));
  app = await startApp();
  year = app.clock.now().getUTCFullYear() + 1;
  await app.standIn.advance(Date.UTC(year, 0, 10, 12) - +app.clock.now());
  app.standIn.control("POST", "/payouts", { schedule: "daily" });
  const once = await give(
    app,
    {
      amount: 5000,
      attribution: { article_id: "harbour-41", article_url: "https://www.example.org/a", campaign: "winter" },
    },
    { name: "Nadia Nameless", email: "nadia@example.org" },
  );
  await app.standIn.advance(60_000);
  await give(app, { frequency: "monthly", amount: 2000 });
  await app.standIn.advance(60_000);
  const disputed = await give(app, { amount: 3000 });
  await app.settle();
  await app.deps.stripe.api.refunds.create({ charge: await chargeOf(once.id), amount: 1000 });
  app.standIn.control("POST", "/disputes", { charge: await chargeOf(disputed.id) });
  await app.settle();
  await app.standIn.advance(Date.UTC(year, 1, 2, 12) - +app.clock.now());
  await app.settle();
  await reconcile(app.background, { since: new Date(Date.UTC(year - 1, 11, 20)), patienceMs: 0 });
  await closeMonth(closingDeps(app.deps), `${year}-01`, { by: "Ada Accountant", reason: null });
  bytes = await zip();
  files = read(bytes);
}, 60_000);
afterAll(async () => {
  await app.close();
  await rm(folder, { recursive: true, force: true });
});

async function chargeOf(donation: string): Promise<string> {
  const { stripe_charge } = await app.db
    .selectFrom("payments")
    .select("stripe_charge")
    .where("donation_id", "=", donation)
    .executeTakeFirstOrThrow();
  return stripe_charge ?? "";
}

async function zip(): Promise<Buffer> {
  const pieces: Uint8Array[] = [];
  for await (const piece of evidenceZip(app.db, `${year}-01`)) pieces.push(piece);
  return Buffer.concat(pieces);
}

function read(archive: Buffer): ReadonlyMap<string, string> {
  return new Map(
    Object.entries(unzipSync(archive)).map(([name, content]) => [name, Buffer.from(content).toString("utf8")]),
  );
}

function file(name: string): string {
  return files.get(`${year}-01/${name}`) ?? "";
}

/** No cell of these files has a comma or a quote, apart from those of the reconciliation. */
function table(name: string): readonly Record<string, string>[] {
  const [header = "", ...lines] = file(name).trimEnd().split("\r\n");
  return lines.map((line) =>
    Object.fromEntries(line.split(",").map((cell, index) => [header.split(",")[index], cell])),
  );
}

function sum(rows: readonly Record<string, string>[], column: string): number {
  return rows.reduce((total, row) => total + Number(row[column]), 0);
}

describe("the evidence of a month", () => {
  test("has every file, in order, and a hash of each that is right", async () => {
    expect([...files.keys()]).toEqual(
      [
        "SHA256SUMS",
        "balance.csv",
        "closing.txt",
        "corrections.csv",
        "differences.csv",
        "disputes.csv",
        "journal.csv",
        "journal_entries.csv",
        "payments.csv",
        "payout_lines.csv",
        "payouts.csv",
        "receipts.csv",
        "reconciliation.csv",
        "refunds.csv",
        "summary.csv",
      ].map((name) => `${year}-01/${name}`),
    );
    const sums = file("SHA256SUMS").trimEnd().split("\n");
    expect(sums).toHaveLength(files.size - 1);
    for (const line of sums) {
      const [hash, name = ""] = line.split("  ");
      expect(createHash("sha256").update(file(name)).digest("hex"), name).toBe(hash);
    }
    const kept = await app.db.selectFrom("closed_months").select("sha256").executeTakeFirstOrThrow();
    expect(kept.sha256).toBe(createHash("sha256").update(file("SHA256SUMS")).digest("hex"));
  });

  test("comes over HTTP as the same bytes, and that is audited", async () => {
    const headers = { authorization: `Bearer ${await app.token("finance")}` };
    const path = `/v1/reports/closed-months/${year}-01/evidence.zip`;
    const answer = await fetch(app.url + path, { headers });
    expect([answer.headers.get("content-type"), answer.headers.get("content-disposition")]).toEqual([
      "application/zip",
      `attachment; filename="evidence_${year}-01.zip"`,
    ]);
    expect(Buffer.from(await answer.arrayBuffer()).equals(await zip())).toBe(true);
    const audited = app.db.selectFrom("audit_entries").select("action").where("subject", "=", path);
    expect(await audited.execute()).toEqual([{ action: "export" }]);
    for (const month of ["1999-01", "january", "..%2F"]) {
      expect((await fetch(`${app.url}/v1/reports/closed-months/${month}/evidence.zip`, { headers })).status).toBe(404);
    }
  });

  test("adds up: the journal to zero, its accounts to the summary, payouts to their lines", async () => {
    const journal = table("journal.csv");
    expect(sum(journal, "amount")).toBe(0);
    const account = (name: string) =>
      sum(
        journal.filter((row) => row.account === name),
        "amount",
      );
    const summary = table("summary.csv");
    expect(
      summary.map(({ frequency, gross, refunded, disputed, fees, net }) => [
        frequency,
        gross,
        refunded,
        disputed,
        fees,
        net,
      ]),
    ).toEqual([
      ["once", "8000", "1000", "3000", "1792", "2208"],
      ["monthly", "2000", "0", "0", "88", "1912"],
    ]);
    expect([
      account("gifts_once"),
      account("gifts_monthly"),
      account("refunds"),
      account("disputes"),
      account("payment_fees"),
    ]).toEqual([-8000, -2000, 1000, 3000, 1880]);
    expect(sum(table("refunds.csv"), "amount")).toBe(1000);
    expect(table("disputes.csv").map(({ amount, fee, status, reason }) => [amount, fee, status, reason])).toEqual([
      ["3000", "1500", "needs_response", "fraudulent"],
    ]);
    const payouts = table("payouts.csv");
    expect(payouts.length).toBeGreaterThan(0);
    for (const payout of payouts) {
      expect(payout.lines_net).toBe(payout.amount);
      expect(
        sum(
          table("payout_lines.csv").filter((line) => line.payout_id === payout.payout_id),
          "net",
        ),
      ).toBe(Number(payout.amount));
    }
    expect(sum(payouts, "amount")).toBe(account("payouts"));
    const left = 2208 + 1912 - account("payouts");
    expect(account("stripe_balance")).toBe(left);
    const rollForward = table("balance.csv").map(({ line, net }) => [line, Number(net)] as const);
    expect(rollForward[0]).toEqual(["opening", 0]);
    expect(rollForward.find(([line]) => line === "closing")).toEqual(["closing", left]);
  });

  test("says who closed it on what grounds, in words and figures", () => {
    const text = file("closing.txt");
    expect(text).toContain(`Closing of January ${year}\n\nHarbour Courier Foundation\n`);
    expect(text).toMatch(/^Closed by +Ada Accountant$/m);
    expect(text).toMatch(/^ {2}\d{4}-01 +once +USD +2 +2 +80\.00 +10\.00 +30\.00 +17\.92 +22\.08$/m);
    expect(text).toContain("Stood against closing, and was signed for:\n  nothing\n");
    const [run] = table("reconciliation.csv");
    expect(text).toContain(run?.run_id);
    expect(file("differences.csv").trimEnd().split("\r\n")).toHaveLength(1);
  });

  test("has the receipts of what was kept, and nothing of who gave or what was read", () => {
    expect(table("receipts.csv").map(({ number, amount }) => [number, amount])).toEqual([
      [`${year}-000001`, "5000"],
      [`${year}-000002`, "2000"],
    ]);
    expect(table("payments.csv")).toHaveLength(3);
    expect(
      table("payments.csv")
        .map((row) => row.campaign)
        .sort(),
    ).toEqual(["", "", "winter"]);
    const all = [...files.values()].join("\n");
    for (const personal of ["Nadia", "nadia@", "harbour-41", "www.example.org/a"]) expect(all).not.toContain(personal);
  });

  test("is the same to the byte whatever the books say later, wherever it is written", async () => {
    await app.deps.stripe.api.refunds.create({ charge: table("receipts.csv")[1]?.reference ?? "" });
    await app.standIn.advance(40 * DAY_MS);
    await app.settle();
    await sql`update donations set campaign = 'another'`.execute(app.db);
    expect(await zip()).toEqual(bytes);
    const path = join(folder, "elsewhere.zip");
    const environment = { NODE_ENV: "development", DATA_DIR: folder, DATABASE_URL: app.databaseUrl };
    const ended = await runNode(["src/cli/main.ts", "close", `${year}-01`, "--evidence", path], {
      ...environment,
      TZ: "Pacific/Auckland",
    });
    expect(ended).toMatchObject({ code: 0, stdout: `The evidence of ${year}-01 is in ${path}.\n` });
    expect((await readFile(path)).equals(bytes)).toBe(true);
    // Of a month that is open, too: nothing is closed whose evidence can't be written.
    for (const month of [`${year}-01`, `${year}-02`]) {
      const nowhere = await runNode(["src/cli/main.ts", "close", month, "--evidence", "/nowhere/x.zip"], environment);
      expect(nowhere).toMatchObject({
        code: 1,
        stderr: expect.stringMatching(/^--evidence: the file can't be written \(ENOENT\)/),
      });
    }
  });
});

test("a month isn't closed over rows that were altered since the comparison", async () => {
  const period = periodOfMonth(`${year}-01`, app.deps.newsroom().time_zone);
  const altered = () => alteredSince(app.deps, `${year}-01`, period);
  expect(await altered()).toEqual([]);
  const [{ id } = { id: "" }] = (
    await sql<{ id: string }>`
      update payment_movements set gross = gross + 100, net = net + 100 where booked_at >= ${period.start} and gross > 0
      and balance_transaction_id = (select min(balance_transaction_id) from payment_movements where booked_at >= ${period.start} and gross > 0)
      returning balance_transaction_id as id
    `.execute(app.db)
  ).rows;
  expect(await altered()).toMatchObject([
    { code: "books_altered", signable: true, message: expect.stringContaining("1 donation differs") },
  ]);
  await sql`update payment_movements set gross = gross - 100, net = net - 100 where balance_transaction_id = ${id}`.execute(
    app.db,
  );
  expect(await altered()).toEqual([]);
});
