import type { AddressInfo } from "node:net";
import express, { type ErrorRequestHandler } from "express";
import { sql } from "kysely";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { auditExport, recordExport } from "../../src/audit/audit-export.routes.ts";
import { recordAudit } from "../../src/audit/record.queries.ts";
import { startApp, type TestApp } from "../support/app.ts";
import { auditRows, signedIn } from "../support/staff.ts";

let app: TestApp;
beforeAll(async () => {
  app = await startApp();
});
afterAll(() => app.close());

const COMMAND_LINE = { kind: "command_line" } as const;

describe("what is audited", () => {
  test.each([
    ["changed", sql`update audit_entries set detail = '{}'`],
    ["removed", sql`delete from audit_entries`],
    ["emptied out", sql`truncate audit_entries`],
  ])("can't be %s, not even by who owns the table", async (_, statement) => {
    await recordAudit(app.db, { actor: COMMAND_LINE, action: "staff_listed" });
    const before = await auditRows(app);
    await expect(statement.execute(app.db)).rejects.toMatchObject({ code: expect.stringMatching(/^(?:42501|23001)$/) });
    await sql`grant all on audit_entries to current_user`.execute(app.db);
    try {
      await expect(statement.execute(app.db)).rejects.toThrow("never changed or removed");
    } finally {
      await sql`revoke update, delete, truncate on audit_entries from current_user`.execute(app.db);
    }
    expect(await auditRows(app)).toEqual(before);
  });

  test("is dated by the wall clock, in an order that ids keep", async () => {
    app.clock.advance(90 * 86_400_000);
    const ids = [];
    for (let entry = 0; entry < 5; entry++)
      ids.push(await recordAudit(app.db, { actor: COMMAND_LINE, action: "staff_listed" }));
    expect(ids).toEqual(ids.toSorted());
    const { at } = await app.db
      .selectFrom("audit_entries")
      .select("at")
      .where("id", "=", ids[0] ?? "")
      .executeTakeFirstOrThrow();
    expect(Math.abs(+at - Date.now())).toBeLessThan(60_000);
  });

  test("is every file that leaves: who, which, with which filters, and nothing else of the query", async () => {
    const { browser, id } = await signedIn(app, "finance");
    const address = "somebody@reader.example";
    await browser.visit("/v1/reports/payments.csv?from=2026-01-01&to=2026-02-01&campaign=spring&bom=1");
    await browser.visit(`/v1/reports/payments.csv?campaign=${encodeURIComponent(address)}`);
    await browser.visit(`/v1/reports/payments.csv?email=${encodeURIComponent(address)}`);
    await browser.visit("/v1/reports/payments?from=2026-01-01&to=2026-02-01");
    await browser.visit("/v1/reports/payments.csv", { method: "HEAD" });
    const token = await app.token("audience");
    const headers = { authorization: `Bearer ${token}` };
    expect((await fetch(`${app.url}/v1/reports/payments.csv`, { headers })).status).toBe(403);
    expect((await fetch(`${app.url}/v1/reports/summary.csv`, { headers })).status).toBe(200);

    const rows = (await auditRows(app)).filter(({ action }) => action === "export");
    expect(rows.filter(({ actor_id }) => actor_id === id)).toMatchObject([
      {
        actor_kind: "staff",
        role: "finance",
        subject: "/v1/reports/payments.csv",
        detail: { from: "2026-01-01", to: "2026-02-01", campaign: "(not kept)", bom: "1" },
      },
      { detail: { campaign: "(not kept)" } },
    ]);
    expect(rows.filter(({ actor_kind }) => actor_kind === "token")).toMatchObject([
      { role: "audience", subject: "/v1/reports/summary.csv" },
    ]);
    expect(JSON.stringify(rows)).not.toContain("somebody");
  });

  test("is written down before a byte of it goes out, or nothing does", async () => {
    const { browser } = await signedIn(app, "finance");
    await sql`alter table audit_entries add constraint full_disk check (action <> 'export') not valid`.execute(app.db);
    try {
      const answer = await browser.visit("/v1/reports/summary.csv");
      expect(answer.status).toBe(500);
      expect(answer.text).not.toContain("period");
      expect(answer.headers.get("content-disposition")).toBeNull();
    } finally {
      await sql`alter table audit_entries drop constraint full_disk`.execute(app.db);
    }
  });
});

test("a file that would go out without an entry doesn't, nor one of a route that writes none", async () => {
  const { id } = await signedIn(app, "finance");
  const server = express()
    .use((_request, response, next) => {
      response.locals.staff = { id, role: "finance", kind: "session" };
      next();
    })
    .get("/bare", async (_request, response) => response.send(String(await recordExport(response))))
    .use(auditExport(app.deps))
    .get("/sent.csv", (_request, response) => response.send("secret"))
    .get("/written.csv", (_request, response) => response.end("secret"))
    .get("/recorded.csv", async (_request, response) => {
      await recordExport(response);
      await recordExport(response);
      response.send("told");
    })
    .use(((_error, _request, response, _next) => response.status(500).send("refused")) satisfies ErrorRequestHandler)
    .listen(0);
  try {
    const { port } = server.address() as AddressInfo;
    const answers = [];
    for (const path of ["bare", "sent.csv", "written.csv", "recorded.csv"])
      answers.push(await (await fetch(`http://localhost:${port}/${path}`)).text());
    expect(answers).toEqual(["refused", "refused", "refused", "told"]);
    const entries = (await auditRows(app)).filter((row) => row.actor_id === id);
    expect(entries.map(({ subject }) => subject)).toEqual(["/recorded.csv"]);
  } finally {
    server.closeAllConnections();
    server.close();
  }
});

describe("the page of what was audited", () => {
  test("shows it to administrators, newest first, a hundred at a time, by filters", async () => {
    const { browser, id } = await signedIn(app, "admin");
    const actor = { kind: "staff", id, role: "admin" } as const;
    for (let entry = 0; entry < 120; entry++) {
      await recordAudit(app.db, {
        actor,
        action: "donor_search",
        subject: `cus_${entry}`,
        detail: { found: entry % 2 === 0 },
      });
    }
    await recordAudit(app.db, {
      actor,
      action: "export",
      subject: "/v1/reports/payments.csv",
      detail: { campaign: "<b>" },
    });
    const first = await browser.visit(`/finance/audit?actor=${id}`);
    const subjects = (text: string) => [...text.matchAll(/>(cus_\d+)</g)].map(([, subject]) => subject);
    expect(subjects(first.text)).toHaveLength(99);
    expect(subjects(first.text)[0]).toBe("cus_119");
    expect(first.text).toContain("&#60;b&#62;");
    const older = /<a href="([^"]*)" rel="next"/.exec(first.text)?.[1]?.replaceAll("&#38;", "&") ?? "";
    const second = await browser.visit(older);
    expect(subjects(second.text).slice(0, 20)).toEqual(Array.from({ length: 20 }, (_, index) => `cus_${20 - index}`));
    expect(subjects(second.text)).not.toContain("cus_21");

    expect(
      subjects((await browser.visit(`/finance/audit?action=donor_search&subject=cus_7&actor=&from=&to=`)).text),
    ).toEqual(["cus_7"]);
    const today = new Date().toISOString().slice(0, 10);
    expect(subjects((await browser.visit(`/finance/audit?subject=cus_7&to=${today}`)).text)).toEqual([]);
    expect((await browser.visit("/finance/audit?from=2000-01-01&to=2000-02-01")).words).toContain(
      "There is no such entry",
    );
    for (const wrong of ["actor=me", "action=nothing", "from=yesterday", "before=1", "page=2"]) {
      const answer = await browser.visit(`/finance/audit?${wrong}`);
      expect(answer.status, wrong).toBe(400);
      expect(answer.text).toContain("<!doctype html>");
    }
  });
});
