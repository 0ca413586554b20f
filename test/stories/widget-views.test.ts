import { sql } from "kysely";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { RATE_LIMITS } from "../../src/shared/limits.ts";
import { startApp, type TestApp } from "../support/app.ts";
import { viewed } from "../support/views.ts";

let app: TestApp;
beforeAll(async () => {
  app = await startApp();
});
afterAll(() => app.close());
const view = (body: object, headers: Record<string, string> = {}) => viewed(app, body, headers);

test("views of one client are limited by each process for itself, and leave no row", async () => {
  const crowded = await startApp();
  onTestFinished(() => crowded.close());
  const { points } = RATE_LIMITS.widget_view_client;
  for (let each = 0; each < points; each++) await crowded.deps.limits.count("widget_view_client", "127.0.0.1");
  expect(await viewed(crowded, { step: "shown" })).toBe(429);
  expect((await sql`select from rate_limits`.execute(crowded.db)).rows).toEqual([]);
});

describe("a view of the form", () => {
  test.each([
    [{}, 400],
    [{ step: "bought" }, 400],
    [{ step: "shown", reader: "me" }, 400],
    [{ step: "shown", article_id: "x".repeat(201) }, 400],
    [{ step: "shown", article_id: "a\u0000b" }, 400],
    [{ step: "shown", article_id: 7 }, 400],
  ])("is refused when it is %j", async (body, status) => {
    expect(await view(body)).toBe(status);
  });

  test("is taken as JSON alone, from the newsroom's own sites alone", async () => {
    expect(await view({ step: "shown" }, { "content-type": "text/plain" })).toBe(400);
    expect(await view({ step: "shown" }, { origin: "https://elsewhere.example" })).toBe(403);
    expect(await view({ step: "shown", placement: "own" }, { origin: "https://www.example.org" })).toBe(204);
    const preflight = await fetch(`${app.url}/v1/widget-views`, {
      method: "OPTIONS",
      headers: { origin: "https://www.example.org", "access-control-request-method": "POST" },
    });
    expect(preflight.headers.get("access-control-allow-origin")).toBe("https://www.example.org");
  });

  test("is a count and nothing else: alike ones at once share rows, and none says when or by whom", async () => {
    const views = Array.from({ length: 200 }, () => view({ step: "opened", placement: "crowd" }));
    expect(new Set(await Promise.all(views))).toEqual(new Set([204]));
    const { rows } = await sql<Record<string, unknown>>`select * from rollup_deltas where placement = 'crowd'`.execute(
      app.db,
    );
    expect(rows.length).toBeLessThan(200);
    expect(rows.reduce((sum, row) => sum + Number(row.opened), 0)).toBe(200);
    const told = Object.entries(rows[0] ?? {}).filter(
      ([name, value]) => value !== "" && value !== 0 && value !== null && name !== "id",
    );
    expect(told.map(([name]) => name).sort()).toEqual(["day", "generation", "opened", "part", "placement"]);
    const authorization = `Bearer ${await app.token("audience")}`;
    const answer = await fetch(`${app.url}/v1/reports/audience?by=placement`, { headers: { authorization } });
    const { rows: placements } = (await answer.json()) as { rows: { source: string }[] };
    expect(placements.find((row) => row.source === "crowd")).toMatchObject({
      opened: 200,
      sessions: 0,
      conversion: null,
      currency: null,
    });
  });
});
