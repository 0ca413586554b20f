import { randomBytes } from "node:crypto";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { auditCommand } from "../../src/cli/audit.ts";
import type { Run } from "../../src/cli/command.ts";
import { staffCommand } from "../../src/cli/staff.ts";
import { tokenCommand } from "../../src/cli/token.ts";
import { SetupError } from "../../src/shared/errors.ts";
import { createKeyring } from "../../src/vault/keyring.ts";
import { loadLookupKey } from "../../src/vault/lookup-key.queries.ts";
import { rotateKeys } from "../../src/vault/rotate.ts";
import { createVault } from "../../src/vault/vault.ts";
import { startApp, type TestApp } from "../support/app.ts";
import { sealsUnder } from "../support/keys.ts";
import { dumpDatabase, findLeaks } from "../support/leaks.ts";
import { auditRows, CookieBrowser, linkFor } from "../support/staff.ts";

let app: TestApp;
let keys = [{ id: "one", key: randomBytes(32) }];
beforeAll(async () => {
  app = await startApp({ loadKeys: () => keys, config: { trustProxy: 1 } });
});
afterAll(() => app.close());

let said = "";

/** What a command prints on standard output, a line each; what it says on standard error is in `said`. */
async function run(command: (args: readonly string[]) => Run, ...args: string[]): Promise<readonly string[]> {
  vi.restoreAllMocks();
  const printed = vi.spyOn(console, "log").mockImplementation(() => {});
  const errors = vi.spyOn(console, "error").mockImplementation(() => {});
  await command(args)({ db: app.db, settings: app.settings });
  said = errors.mock.calls.flat().join("\n");
  return printed.mock.calls.map(([line]) => String(line));
}
const staff = (...args: string[]) => run(staffCommand, ...args);

const idOf = (line = "") => line.slice(0, 36);
const changes = async (id: string) =>
  (await auditRows(app))
    .filter((row) => row.subject === id && row.action.startsWith("staff_"))
    .map((row) => [row.actor_kind, row.action, row.detail]);

describe("`staff`", () => {
  test("adds somebody, who signs in; lists, changes and removes them", async () => {
    const email = "Marie.Curie@newsroom.example";
    const [added = ""] = await staff("add", email, "--role", "finance");
    expect(added).toMatch(/^[0-9a-f-]{36} {2}finance {2}was added$/);
    expect(said).toContain("/finance");
    const id = idOf(added);
    expect((await staff("list")).find((line) => line.startsWith(id))).toMatch(/finance {3}active {3}never signed in$/);

    const browser = new CookieBrowser(app);
    await browser.post(await linkFor(app, browser, email));
    expect((await browser.visit("/finance")).status).toBe(200);
    expect((await staff("list")).find((line) => line.startsWith(id))).toMatch(/active {3}signed in \d{4}-/);

    expect(await staff("add", "marie.curie@NEWSROOM.example", "--role", "support")).toEqual([
      `${id}  support  has another role now`,
    ]);
    expect((await browser.visit("/finance")).location).toBe("/finance/donors");
    expect(await staff("role", id, "--role=admin")).toEqual([`${id}  admin  has another role now`]);
    expect(await staff("role", email, "--role=admin")).toEqual([`${id}  admin  had this role already`]);
    expect((await browser.visit("/finance/audit")).status).toBe(200);

    expect(await staff("remove", email)).toEqual([`${id}  removed: signed out everywhere`]);
    expect((await browser.visit("/finance/audit")).status).toBe(303);
    await browser.post("/finance/sign-in", { email });
    expect((await staff("list")).find((line) => line.startsWith(id))).toContain("removed");
    await expect(staff("remove", id)).rejects.toThrow("no such member");
    await expect(staff("role", id, "--role", "admin")).rejects.toThrow("no such member");
    expect(await staff("add", email, "--role", "finance")).toEqual([`${id}  finance  is back`]);
    expect((await browser.visit("/finance")).status).toBe(303);
    expect(await changes(id)).toEqual([
      ["command_line", "staff_added", { role: "finance" }],
      ["command_line", "staff_role_changed", { role: "support", before: "finance" }],
      ["command_line", "staff_role_changed", { role: "admin", before: "support" }],
      ["command_line", "staff_removed", { role: "admin" }],
      ["command_line", "staff_added", { role: "finance" }],
    ]);
    const mails = await app.db.selectFrom("mails").select("id").where("kind", "=", "staff_sign_in").execute();
    expect(mails.length).toBe(1);
  });

  test("tells addresses only when asked to, and keeps them in the vault", async () => {
    const email = "lise.meitner@newsroom.example";
    const [line = ""] = await staff("add", email, "--role", "audience");
    expect((await staff("list")).join("\n")).not.toContain("@");
    expect((await staff("list", "--addresses")).find((each) => each.startsWith(idOf(line)))).toContain(email);
    expect((await auditRows(app)).at(-1)).toMatchObject({ action: "staff_listed", detail: { addresses: true } });
    expect(findLeaks(await dumpDatabase(app.db), { email })).toEqual([]);
  });

  test("that two add at once is there once", async () => {
    const lines = await Promise.all(
      [1, 2, 3].map(async () => {
        const { addMember } = await import("../../src/staff/members.ts");
        return await addMember(app.deps, { kind: "command_line" }, "emmy.noether@newsroom.example", "finance");
      }),
    );
    expect(new Set(lines.map(({ id }) => id)).size).toBe(1);
    expect(lines.map(({ change }) => change).toSorted()).toEqual(["added", "none", "none"]);
  });

  test("is covered by a rotation of the keys", async () => {
    const email = "rosalind.franklin@newsroom.example";
    await staff("add", email, "--role", "finance");
    keys = [{ id: "two", key: randomBytes(32) }, ...keys];
    await sealsUnder(app, "two");
    const keyring = createKeyring(() => keys);
    const rotated = await rotateKeys(app.db, createVault(keyring, await loadLookupKey(app.db, keyring)), keyring);
    expect(rotated.find(({ column }) => column === "staff_members.address_sealed")?.rows).toBeGreaterThan(0);
    keys = keys.slice(0, 1);
    expect((await staff("list", "--addresses")).join("\n")).toContain(email);
    expect((await staff("add", email, "--role", "finance"))[0]).toContain("had this role already");
  });

  test.each([
    [[]],
    [["add"]],
    [["add", "a@b.example"]],
    [["add", "a@b.example", "--role", "root"]],
    [["add", "a@b.example", "--role", "constructor"]],
    [["add", "no address", "--role", "finance"]],
    [["add", "a@b.example", "c@d.example", "--role", "finance"]],
    [["remove"]],
    [["remove", "nobody"]],
    [["role", "a@b.example"]],
    [["list", "a@b.example"]],
    [["list", "--names"]],
    [["make", "a@b.example"]],
  ])("refuses %j with the usage", (args) => {
    expect(() => staffCommand(args)).toThrow(SetupError);
    expect(() => staffCommand(args)).toThrow(/Use: staff add ADDRESS --role/);
  });

  test("refuses an address without repeating it", () => {
    expect(() => staffCommand(["add", "secret name@x", "--role", "finance"])).not.toThrow(/secret/);
  });
});

describe("`audit list` and `token`", () => {
  test("tokens that are made and revoked are audited, and listed by filters", async () => {
    const [token = ""] = await run(tokenCommand, "create", "--role", "audience", "--days", "3");
    await run(tokenCommand, "revoke", token);
    const made = (await auditRows(app)).filter((row) => row.action.startsWith("token_"));
    expect(made).toMatchObject([
      { actor_kind: "command_line", action: "token_created", detail: { role: "audience", days: 3 } },
      { actor_kind: "command_line", action: "token_revoked", subject: made[0]?.subject },
    ]);
    const list = (...args: string[]) => run(auditCommand, "list", ...args);
    expect((await list()).length).toBeGreaterThanOrEqual(2);
    expect(await list("--limit", "1")).toHaveLength(1);
    const [line = "", ...others] = await list("--action", "token_created", "--subject", made[0]?.subject ?? "");
    expect(others).toEqual([]);
    expect(line).toMatch(/^\d{4}-.*Z {2}token_created {2}command line {2}[0-9a-f-]{36} {2}\{/);
    const [json = "{}"] = await list("--json", "--action", "token_revoked");
    expect(JSON.parse(json)).toMatchObject({ action: "token_revoked", actor_id: null });
    expect(await list("--to", "2020-01-01")).toEqual([]);
    expect((await list("--from", "2020-01-01")).length).toBeGreaterThan(1);
  });

  test.each([
    [[]],
    [["show"]],
    [["list", "--action", "all"]],
    [["list", "--actor", "me"]],
    [["list", "--from", "May"]],
    [["list", "--limit", "0"]],
    [["list", "--all"]],
  ])("`audit` refuses %j with the usage", (args) => expect(() => auditCommand(args)).toThrow(/Use: audit list/));
});
