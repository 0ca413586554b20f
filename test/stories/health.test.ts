import { mkdtemp, rm } from "node:fs/promises";
import { connect, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { sql } from "kysely";
import { escapeIdentifier } from "pg";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, inject, test } from "vitest";
import type { StripeStandIn } from "../../src/sandbox/stripe/server.ts";
import { startApp, type TestApp } from "../support/app.ts";
import { type TestDatabase, testDatabase } from "../support/database.ts";
import { execute } from "../support/database-server.ts";
import { start } from "../support/giving.ts";
import { ownPort } from "../support/ports.ts";
import { runService, type Service } from "../support/service.ts";
import { clientOf, startStandIn } from "../support/stripe-stand-in.ts";

const GIFT = { frequency: "once", amount: 2500, currency: "USD" };

describe("a process that serves", () => {
  let database: TestDatabase;
  let standIn: StripeStandIn;
  let dataDir: string;
  let service: Service;
  let url: string;
  beforeAll(async () => {
    database = await testDatabase();
    standIn = await startStandIn();
    await clientOf(standIn).products.create({ id: "reader_support", name: "Reader support" });
    dataDir = await mkdtemp(join(tmpdir(), "health-"));
  });
  afterAll(async () => {
    await standIn.close();
    await database.drop();
    await rm(dataDir, { recursive: true, force: true });
  });
  beforeEach(async () => {
    const port = await ownPort();
    url = `http://127.0.0.1:${port}`;
    service = runService("serve", {
      DATA_DIR: dataDir,
      DATABASE_URL: database.url,
      STRIPE_SECRET_KEY: "sk_test_x",
      STRIPE_API_BASE: standIn.url,
      STRIPE_WEBHOOK_SECRET: "whsec_x",
      PORT: String(port),
    });
    await service.says(/"verb":"serve"/);
  });
  afterEach(() => service.end("SIGKILL"));

  const readiness = async () => {
    const answer = await fetch(`${url}/readyz`);
    expect(answer.headers.get("cache-control")).toBe("no-store");
    return [answer.status, await answer.json()];
  };
  const READY = [200, { status: "ready" }];
  const notReady = (reason: string) => [503, { status: "not_ready", reason }];
  const alive = async () => {
    const answer = await fetch(`${url}/healthz`);
    expect([answer.status, await answer.json()]).toEqual([200, { status: "alive" }]);
  };

  test("is ready while its database is there and as new as it needs, and recovers by itself", async () => {
    expect(await readiness()).toEqual(READY);
    await alive();

    const { rows } = await sql<{
      name: string;
      timestamp: string;
    }>`delete from kysely_migration returning name, timestamp`.execute(database.db);
    expect(await readiness()).toEqual(notReady("the database lacks a migration"));
    await alive();
    for (const { name, timestamp } of rows)
      await sql`insert into kysely_migration values (${name}, ${timestamp})`.execute(database.db);
    expect(await readiness()).toEqual(READY);

    const { url: server } = inject("databaseServer");
    const name = new URL(database.url).pathname.slice(1);
    await execute(server, `alter database ${escapeIdentifier(name)} with allow_connections false`);
    await execute(server, `select pg_terminate_backend(pid) from pg_stat_activity where datname = '${name}'`);
    expect(await readiness()).toEqual(notReady("the database can't be reached"));
    await alive();
    const gift = await start({ url }, GIFT);
    expect([gift.status, ((await gift.json()) as { code: string }).code]).toEqual([503, "internal"]);
    expect(Number(gift.headers.get("retry-after"))).toBeGreaterThan(0);
    await execute(server, `alter database ${escapeIdentifier(name)} with allow_connections true`);
    expect(await readiness()).toEqual(READY);
    expect((await start({ url }, GIFT)).status).toBe(201);
    expect(service.stdout()).not.toContain(new URL(database.url).password);
  });

  test("that is to end takes no more requests, finishes those under way, and ends well", async () => {
    const body = JSON.stringify(GIFT);
    const socket = await open(new URL(url));
    const answer = read(socket);
    socket.write(
      `POST /v1/checkout-sessions HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n`,
    );
    const idle = await open(new URL(url));
    await sleep(100);
    const end = service.end("SIGTERM");
    await expect.poll(() => refuses(url), { timeout: 5000 }).toBe(true);
    socket.write(body);
    expect(await answer).toMatch(/^HTTP\/1\.1 201 [\s\S]*"url":"http/);
    expect(await end).toBe(0);
    idle.destroy();
    expect(
      service
        .stdout()
        .trim()
        .split("\n")
        .map((line) => JSON.parse(line).msg)
        .slice(-1),
    ).toEqual(["stopped"]);
    expect(service.stdout()).toContain('"msg":"draining"');
  });
});

function open({ hostname, port }: URL): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect(Number(port), hostname, () => resolve(socket)).once("error", reject);
  });
}

async function read(socket: Socket): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of socket) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString();
}

async function refuses(url: string): Promise<boolean> {
  try {
    (await open(new URL(url))).destroy();
    return false;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "ECONNREFUSED";
  }
}

describe("an answer", () => {
  let app: TestApp;
  beforeAll(async () => {
    app = await startApp();
  });
  afterAll(() => app.close());

  const PAGES = ["/give", "/give?locale=ar", "/thanks/019a0000-0000-7000-8000-000000000000"];
  const OTHERS = ["/nothing", "/v1/checkout-sessions/x", "/v1/reports/summary", "/v1/checkout-sessions/%E0%A4%A"];

  test.each([...PAGES, ...OTHERS])(
    "of %s runs nothing from elsewhere, is framed by nobody and tells nobody",
    async (path) => {
      const { headers } = await fetch(app.url + path);
      const policy = Object.fromEntries(
        (headers.get("content-security-policy") ?? "").split(";").map((directive) => {
          const [name = "", ...sources] = directive.trim().split(/\s+/);
          return [name, sources];
        }),
      );
      expect(policy).toMatchObject({
        "default-src": ["'none'"],
        "script-src": ["'self'"],
        "style-src": ["'self'"],
        "frame-ancestors": ["'none'"],
        "base-uri": ["'none'"],
      });
      expect(policy["form-action"]).toEqual(["'self'", app.standIn.url]);
      expect(headers.get("strict-transport-security")).toMatch(/^max-age=\d{7,}/);
      expect(headers.get("x-content-type-options")).toBe("nosniff");
      expect(headers.get("x-frame-options")).toBe("SAMEORIGIN");
      expect(headers.get("referrer-policy")).toBe("same-origin");
      expect(headers.get("cross-origin-opener-policy")).toBe("same-origin");
      expect(headers.get("x-powered-by")).toBeNull();
      expect(headers.get("server")).toBeNull();
    },
  );

  test.each(PAGES)("of %s keeps to that policy itself", async (path) => {
    const page = await (await fetch(app.url + path)).text();
    expect(page).toContain("</html>");
    expect(page).not.toMatch(/<script(?![^>]*\bsrc=)|<style|\sstyle=|\son\w+=|javascript:/i);
    for (const [, address = ""] of page.matchAll(/<(?:script|img|link)\b[^>]*(?:src|href)="([^"]*)"/g)) {
      expect(address).toMatch(/^\/(?!\/)|^data:/);
    }
  });

  test("has a request id of its own, which is the log's, whatever the client calls it", async () => {
    const ids: string[] = [];
    for (const path of ["/healthz", "/readyz", "/nothing", "/v1/reports/summary", ...PAGES]) {
      const answer = await fetch(app.url + path, { headers: { "x-request-id": "mine" } });
      await answer.arrayBuffer();
      ids.push(answer.headers.get("x-request-id") ?? "");
      expect(answer.headers.get("x-powered-by")).toBeNull();
    }
    expect(new Set(ids).size).toBe(ids.length);
    const webhook = await fetch(`${app.url}/webhooks/stripe`, { method: "POST", body: "{}" });
    expect(webhook.status).toBe(400);
    ids.push(((await webhook.json()) as { request_id: string }).request_id);
    await expect.poll(() => app.logged()).toContain(ids.at(-1));
    for (const id of ids) {
      expect(id).toMatch(/^[0-9a-f-]{36}$/);
      expect(app.logged()).toContain(`"request_id":"${id}"`);
    }
    expect(app.logged()).not.toContain("mine");
  });

  test("that was not waited for is logged as that", async () => {
    const socket = await open(new URL(app.url));
    socket.write(
      "POST /v1/checkout-sessions HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{",
    );
    await sleep(50);
    socket.destroy();
    await expect.poll(() => app.logged()).toMatch(/"status":"aborted"/);
    expect(app.logged()).not.toMatch(/"level":"error"/);
  });
});
