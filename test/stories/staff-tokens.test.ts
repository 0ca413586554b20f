import { createHash } from "node:crypto";
import { sql } from "kysely";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { tokenCommand } from "../../src/cli/token.ts";
import { SetupError } from "../../src/shared/errors.ts";
import { ROLES, type Role } from "../../src/shared/roles.ts";
import { createToken } from "../../src/staff/tokens.ts";
import { type TestDatabase, testDatabase } from "../support/database.ts";
import { type ReportsApp, reportsApp } from "../support/reports-app.ts";

let database: TestDatabase;
let app: ReportsApp;

beforeAll(async () => {
  database = await testDatabase();
  app = await reportsApp({ db: database.db });
});
afterAll(async () => {
  await app.close();
  await database.drop();
});

const ROUTES = ["summary", "summary.csv", "payments", "payments.csv"].map((report) => `/v1/reports/${report}`);
const MAY: Record<Role, readonly string[]> = {
  finance: ROUTES,
  audience: ROUTES.slice(0, 2),
  support: [],
  admin: ROUTES,
};

function hashOf(token: string): Buffer {
  return createHash("sha256").update(token).digest();
}

async function refusal(path: string, headers: Record<string, string>): Promise<{ status: number; code: string }> {
  const response = await fetch(app.url + path, { headers });
  const { code } = (await response.json()) as { code: string };
  expect(response.headers.get("content-type")).toMatch(/^application\/problem\+json/);
  expect(response.headers.get("www-authenticate")).toBe(response.status === 401 ? "Bearer" : null);
  expect(response.headers.get("content-disposition")).toBeNull();
  return { status: response.status, code };
}

const UNAUTHORIZED = { status: 401, code: "unauthorized" };

describe("a staff token", () => {
  test.each(ROLES)("of the role %s opens what that role may see, and nothing else", async (role) => {
    const token = await createToken(database.db, { role });
    for (const path of ROUTES) {
      if (MAY[role].includes(path)) {
        expect((await app.get(path, token)).status, path).toBe(200);
      } else {
        const headers = { authorization: `Bearer ${token}` };
        expect(await refusal(path, headers), path).toEqual({ status: 403, code: "forbidden" });
      }
    }
  });

  test.each(ROUTES)("is needed for %s", async (path) => {
    const token = await createToken(database.db, { role: "admin" });
    const wrong = [
      undefined,
      "",
      "Bearer",
      "Bearer ",
      token,
      `Basic ${Buffer.from(`admin:${token}`).toString("base64")}`,
      `Bearer ${token} ${token}`,
      `Bearer ${token.slice(0, -1)}`,
      `Bearer ${token}A`,
      `Bearer ${token.toLowerCase()}`,
      `Bearer ${hashOf(token).toString("hex")}`,
      `Bearer rdt_${"A".repeat(43)}`,
      "Bearer rdt_' or 1=1 --",
      `Bearer ${"A".repeat(8000)}`,
    ];
    for (const authorization of wrong) {
      expect(await refusal(path, authorization === undefined ? {} : { authorization })).toEqual(UNAUTHORIZED);
    }
    expect(await refusal(`${path}?access_token=${token}`, {})).toEqual(UNAUTHORIZED);
  });

  test("is asked for before anything is said about the query", async () => {
    expect(await refusal("/v1/reports/payments?from=nonsense", {})).toEqual(UNAUTHORIZED);
  });

  test("has no effect once it has expired or was revoked", async () => {
    const expired = await createToken(database.db, { role: "finance", days: 1 });
    const revoked = await createToken(database.db, { role: "finance" });
    expect((await app.get("/v1/reports/summary", expired)).status).toBe(200);
    await sql`update staff_tokens set expires_at = clock_timestamp() where token_hash = ${hashOf(expired)}`.execute(
      database.db,
    );
    await sql`update staff_tokens set revoked_at = clock_timestamp() where token_hash = ${hashOf(revoked)}`.execute(
      database.db,
    );
    for (const token of [expired, revoked]) {
      for (const path of ROUTES)
        expect(await refusal(path, { authorization: `Bearer ${token}` })).toEqual(UNAUTHORIZED);
    }
  });

  test("expires by the wall clock, wherever product time has been moved to", async () => {
    const later = await reportsApp({ db: database.db, now: () => new Date("2126-01-01T00:00:00Z") });
    expect((await later.get("/v1/reports/summary")).status).toBe(200);
    await later.close();
  });

  test("is kept as a hash alone", async () => {
    const token = await createToken(database.db, { role: "support", days: 7 });
    expect(token).toMatch(/^rdt_[A-Za-z0-9_-]{43}$/);
    const { rows } = await sql<{ row: string; days: number; token_hash: Buffer }>`
      select t::text as row, token_hash, extract(epoch from expires_at - clock_timestamp())::float8 / 86400 as days
      from staff_tokens t where token_hash = ${hashOf(token)}
    `.execute(database.db);
    expect(rows).toHaveLength(1);
    expect(rows[0]?.days).toBeCloseTo(7, 2);
    expect(rows[0]?.row).not.toContain(token.slice(4, 20));
    expect(rows[0]?.row).not.toContain(Buffer.from(token).toString("hex").slice(8, 40));
  });

  test("is never logged", async () => {
    const token = await createToken(database.db, { role: "support" });
    await app.get("/v1/reports/summary", token);
    await app.get("/v1/reports/summary", `${token}x`);
    expect(app.lines.join("")).toContain("/v1/reports/summary");
    expect(app.lines.join("")).not.toContain(token.slice(4));
  });

  test("is accepted whatever the case of the scheme", async () => {
    const token = await createToken(database.db, { role: "finance" });
    for (const scheme of ["bearer", "BEARER", "Bearer "]) {
      const headers = { authorization: `${scheme} ${token}` };
      expect((await fetch(`${app.url}/v1/reports/summary`, { headers })).status).toBe(200);
    }
  });
});

describe("`token create`", () => {
  async function run(...args: string[]): Promise<readonly string[]> {
    vi.restoreAllMocks();
    const printed = vi.spyOn(console, "log").mockImplementation(() => {});
    vi.spyOn(console, "error").mockImplementation(() => {});
    await tokenCommand(args)(database);
    return printed.mock.calls.map(([line]) => String(line));
  }

  test("prints a token that works, alone on its line", async () => {
    const [token = "", ...others] = await run("create", "--role", "finance");
    expect(others).toEqual([]);
    expect((await app.get("/v1/reports/payments", token)).status).toBe(200);
    expect((await daysOf(token)) / 90).toBeCloseTo(1, 3);
  });

  test("takes a number of days", async () => {
    const [token = ""] = await run("create", "--role=audience", "--days=3");
    expect(await daysOf(token)).toBeCloseTo(3, 2);
  });

  test.each([
    [[]],
    [["create"]],
    [["make", "--role", "finance"]],
    [["create", "--role", "root"]],
    [["create", "--role", "constructor"]],
    [["create", "--role"]],
    [["create", "finance"]],
    [["create", "--role", "finance", "--days", "0"]],
    [["create", "--role", "finance", "--days", "-1"]],
    [["create", "--role", "finance", "--days", "1.5"]],
    [["create", "--role", "finance", "--days", "3651"]],
    [["create", "--role", "finance", "--forever"]],
  ])("refuses %j with the usage, and makes none", async (args) => {
    const count = async () => (await database.db.selectFrom("staff_tokens").select("id").execute()).length;
    const before = await count();
    await expect(run(...args)).rejects.toThrow(SetupError);
    await expect(run(...args)).rejects.toThrow(/Use: token create --role/);
    expect(await count()).toBe(before);
  });

  test("is followed by `list` and `revoke`, by id or by the token itself", async () => {
    const [one = ""] = await run("create", "--role", "finance");
    const [other = ""] = await run("create", "--role", "audience");
    const found = await database.db
      .selectFrom("staff_tokens")
      .select("id")
      .where("token_hash", "=", hashOf(one))
      .execute();
    const id = found[0]?.id ?? "";
    expect(await run("revoke", id)).toEqual([]);
    expect(await run("revoke", other)).toEqual([]);
    for (const token of [one, other]) expect((await app.get("/v1/reports/summary", token)).status).toBe(401);
    expect((await run("list")).find((line) => line.startsWith(id))).toMatch(/finance +revoked/);
    expect((await run("list")).join("\n")).not.toContain(other.slice(4));
    for (const absent of ["0192f0c0-0000-7000-8000-000000000000", "nonsense", `rdt_${"A".repeat(43)}`]) {
      await expect(run("revoke", absent)).rejects.toThrow("There is no such token");
    }
    await expect(run("revoke")).rejects.toThrow(SetupError);
  });

  async function daysOf(token: string): Promise<number> {
    const { rows } = await sql<{ days: number }>`
      select extract(epoch from expires_at - clock_timestamp())::float8 / 86400 as days
      from staff_tokens where token_hash = ${hashOf(token)}
    `.execute(database.db);
    return rows[0]?.days ?? Number.NaN;
  }
});
