import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { compared, differs } from "../support/closing.ts";
import { type TestDatabase, testDatabase } from "../support/database.ts";
import { insertGift } from "../support/gifts.ts";
import { type Ended, runNode } from "../support/run-node.ts";

let database: TestDatabase;
let dataDir: string;
beforeAll(async () => {
  database = await testDatabase();
  dataDir = await mkdtemp(join(tmpdir(), "close-"));
});
afterAll(async () => {
  await database.drop();
  await rm(dataDir, { recursive: true, force: true });
});

async function donations(...args: string[]): Promise<Ended> {
  const environment = { NODE_ENV: "development", DATA_DIR: dataDir, DATABASE_URL: database.url };
  return await runNode(["src/cli/main.ts", ...args], environment);
}

test("close says what stands against it, and with a signature closes all the same", async () => {
  await insertGift(database.db, { at: "2024-05-10T12:00:00Z" });
  await compared(database.db, "2020-01-01", "2024-05-20");
  await differs(database.db, "2024-05-11T00:00:00Z");
  const refused = await donations("close", "2024-05");
  expect(refused).toEqual({
    code: 1,
    stdout: "",
    stderr:
      "The month was not closed.\n" +
      "The books differ from Stripe in 1 place in 2024-05 or before: see /v1/reports/reconciliation. " +
      "`npm run donations -- reconcile --since 2024-05-01 --fix` heals what can be healed.\n" +
      "Of what was booked in 2024-05, 1 donation differs from what Stripe's objects say: rows of the books were altered. " +
      "`npm run donations -- rebuild --check` names them, `rebuild` mends them.\n" +
      "To close it all the same: --signed-by NAME --reason TEXT. Both are kept.\n",
  });
  const archive = join(dataDir, "may.zip");
  const signed = ["--signed-by", "Ada Accountant", "--reason", "Stripe has been told.", "--evidence", archive];
  const closed = await donations("close", "2024-05", ...signed);
  expect(closed).toMatchObject({ code: 0, stderr: "" });
  expect(closed.stdout).toMatch(
    /^USD {2}once: 1 payments, net 23\.97\n2024-05 is closed by Ada Accountant\. Receipts: 1\. SHA-256 of the evidence:\n[0-9a-f]{64}\nThe evidence of 2024-05 is in .*may\.zip\.\n$/,
  );
  expect(await readdir(dataDir)).toContain("may.zip");
  const again = await donations("close", "2024-05");
  expect(again).toMatchObject({
    code: 1,
    stderr: expect.stringContaining("2024-05 is closed already, by Ada Accountant on "),
  });
  const late = await donations("close", "2024-05", ...signed);
  expect(late).toMatchObject({
    code: 1,
    stderr: expect.stringMatching(/^2024-05 is closed already: leave --signed-by/),
  });
  expect(await donations("receipts", "issue", "--until", "2024-06-01")).toMatchObject({ code: 0 });
  const entries = await audited();
  expect(entries.map(({ action, subject, detail }) => [action, subject, detail])).toEqual([
    ["month_closed", "2024-05", { signed: false, outcome: "asked" }],
    ["month_closed", "2024-05", { signed: false, outcome: "failed" }],
    ["month_closed", "2024-05", { signed: true, outcome: "asked" }],
    ["month_closed", "2024-05", { signed: true, outcome: "done", receipts: 1 }],
    ["export", "evidence 2024-05", {}],
    ["month_closed", "2024-05", { signed: false, outcome: "asked" }],
    ["month_closed", "2024-05", { signed: false, outcome: "failed" }],
    ["receipts_issued", null, { since: "1970-01-01", until: "2024-06-01", outcome: "asked" }],
    ["receipts_issued", null, { since: "1970-01-01", until: "2024-06-01", outcome: "done", receipts: 0 }],
  ]);
  expect(JSON.stringify(entries)).not.toMatch(/Ada|Stripe has been told/);
});

/** What the command line left in the audit, without the ids that hold pairs together. */
async function audited() {
  const rows = await database.db
    .selectFrom("audit_entries")
    .selectAll()
    .where("actor_kind", "=", "command_line")
    .orderBy("id")
    .execute();
  return rows.map((row) => {
    const { request: _, ...detail } = row.detail as Record<string, unknown>;
    return { ...row, detail };
  });
}

test.each([
  [["close"], /Expected one month as YYYY-MM[\s\S]*Use: close/],
  [["close", "May"], /Expected one month as YYYY-MM[\s\S]*Use: close/],
  [["close", "2024-05", "2024-06"], /Expected one month[\s\S]*Use: close/],
  [["close", "2024-05", "--reason", "Because."], /--reason: say with --signed-by whose it is[\s\S]*Use: close/],
  [["close", "2024-05", "--signed-by", " "], /--signed-by: expected a name[\s\S]*Use: close/],
  [["close", "2024-05", "--force"], /--force[\s\S]*Use: close/],
  [["receipts"], /Use: receipts issue/],
  [["receipts", "issue"], /--until: expected a day[\s\S]*Use: receipts issue/],
  [
    ["receipts", "issue", "--until", "2024-02-30", "--since", "x"],
    /--until: expected[\s\S]*--since: expected[\s\S]*Use: receipts/,
  ],
])("%j is refused with what was expected", async (args, words) => {
  const ended = await donations(...args);
  expect(ended).toMatchObject({ code: 1, stdout: "" });
  expect(ended.stderr).toMatch(words);
  expect(ended.stderr).not.toMatch(/^\s+at /m);
});
