import { randomBytes } from "node:crypto";
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { Config } from "../../src/config.ts";
import { attach } from "../../src/sandbox/attach.ts";
import { processIdentity } from "../../src/sandbox/postgres/processes.ts";
import { readRunFile, removeRunFile, writeRunFile } from "../../src/sandbox/run-file.ts";
import { type TestDatabase, testDatabase } from "../support/database.ts";
import { fastFolder } from "../support/fast-folder.ts";
import { give, onStripesPage, type Start, start } from "../support/giving.ts";
import { ownPort } from "../support/ports.ts";
import { runNode } from "../support/run-node.ts";
import { processesBelow, runService, type Service, stillRunning } from "../support/service.ts";

const STACK = /^\s+at |\.ts:\d/m;

let dataDir: string;
let ports: { PORT: string; SANDBOX_STRIPE_PORT: string };
const running: Service[] = [];

beforeEach(async () => {
  dataDir = await mkdtemp(join(await fastFolder(), "start-"));
  ports = await freePorts();
});
afterEach(async () => {
  for (const service of running.splice(0)) await service.end("SIGKILL");
  await rm(dataDir, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 });
});

async function freePorts(): Promise<typeof ports> {
  return { PORT: String(await ownPort()), SANDBOX_STRIPE_PORT: String(await ownPort()) };
}

function run(verb: string, env: Record<string, string>): Service {
  const service = runService(verb, env);
  running.push(service);
  return service;
}

const TOKEN = /Staff token: (rdt_[\w-]{43})/;
const urlOf = ({ PORT }: { PORT: string }) => `http://127.0.0.1:${PORT}`;

async function books(url: string, token: string): Promise<{ summary: Record<string, unknown>[]; csv: string }> {
  const get = async (path: string) => {
    const answer = await fetch(`${url}/v1/reports/${path}from=2020-01-01&to=2040-01-01`, {
      headers: { authorization: `Bearer ${token}` },
    });
    expect(answer.status, path).toBe(200);
    return answer;
  };
  const { rows } = (await (await get("summary?interval=year&")).json()) as { rows: Record<string, unknown>[] };
  return { summary: rows, csv: await (await get("payments.csv?")).text() };
}

describe("npm start", () => {
  test("is all that it takes: gifts, a month, the books; and they outlive Ctrl-C, kill -9 and SIGTERM", {
    timeout: 90_000,
  }, async ({ annotate }) => {
    const env = { DATA_DIR: dataDir, ...ports };
    const url = urlOf(ports);
    const begin = performance.now();
    let service = run("start", env);
    const token = await service.says(TOKEN);
    const ready = performance.now() - begin;
    expect((await fetch(`${url}/readyz`)).status).toBe(200);

    const declined = (await (
      await start({ url }, { frequency: "once", amount: 1000, currency: "USD" })
    ).json()) as Start;
    await onStripesPage(declined.url, "decline");
    await give({ url }, { amount: 2500 });
    await give({ url }, { frequency: "monthly", amount: 1000 });
    await give({ url }, { frequency: "annual", amount: 5000 });
    const advanced = await fetch(`${url}/sandbox/stripe/advance`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: '{"days":31}',
    });
    expect(await advanced.json()).toMatchObject({ settled: true });
    const before = await books(url, token);
    const payments = (frequency: string) =>
      before.summary.filter((row) => row.frequency === frequency).reduce((sum, row) => sum + Number(row.payments), 0);
    expect([payments("once"), payments("monthly"), payments("annual")]).toEqual([1, 2, 1]);
    for (const row of before.summary) expect(row.net).toBe(Number(row.gross) - Number(row.fees));
    expect(before.csv.trim().split("\r\n")).toHaveLength(5);

    await attachTo(env, before);
    await secondStart(env);

    const kept = JSON.parse(await readFile(join(dataDir, "run.json"), "utf8")) as { database_url: string };
    const { password } = new URL(kept.database_url);
    const below = processesBelow(service.pid);
    expect(below.length).toBeGreaterThan(0);
    expect(await service.end("SIGINT")).toBe(0);
    expect(stillRunning(below)).toEqual([]);
    expect(await filesThatHold(dataDir, password)).toEqual([]);
    expect(await readdir(dataDir)).not.toContain("run.json");
    expect(service.stderr()).toBe("");
    expect(service.stdout()).not.toMatch(/"level":"(?:error|fatal)"|connections broke/);

    service = run("start", env);
    expect(await service.says(TOKEN)).toBe(token);
    expect(await books(url, token)).toEqual(before);

    const orphans = processesBelow(service.pid);
    await service.end("SIGKILL");
    expect(await readdir(dataDir)).toContain("run.json");
    const refused = await runNode(["src/cli/main.ts", "migrate"], { NODE_ENV: "development", DATA_DIR: dataDir });
    expect(refused.stderr).toMatch(/no `npm start` is running on this DATA_DIR/);
    expect(refused.code).toBe(1);

    service = run("start", env);
    expect(await service.says(TOKEN)).toBe(token);
    expect(await books(url, token)).toEqual(before);
    expect(stillRunning(orphans)).toEqual([]);
    expect(await service.end("SIGTERM")).toBe(0);
    await annotate(`ready after ${Math.round(ready)} ms`);
  });

  test("ends by itself with one line when its Postgres is killed, and loses nothing", {
    timeout: 120_000,
  }, async () => {
    const env = { DATA_DIR: dataDir, ...ports };
    const url = urlOf(ports);
    const service = run("start", env);
    const token = await service.says(TOKEN);
    await give({ url });
    const below = processesBelow(service.pid);
    const [postmaster] = (await readFile(join(dataDir, "postgres/postmaster.pid"), "utf8")).split("\n");
    process.kill(Number(postmaster), "SIGKILL");
    expect(await service.ended()).toBe(1);
    expect(service.stderr()).toBe(
      "Postgres ended unexpectedly (SIGKILL); start again: nothing that was acknowledged is lost.\n",
    );
    expect(await readdir(dataDir)).not.toContain("run.json");
    await expect.poll(() => stillRunning(below)).toEqual([]);

    const again = run("start", env);
    expect(await again.says(TOKEN)).toBe(token);
    // An event that was being applied when the database went is not left to the end of its lease.
    await expect
      .poll(async () => (await books(url, token)).csv.trim().split("\r\n").length, { timeout: 15_000 })
      .toBe(2);
    expect(await again.end("SIGTERM")).toBe(0);
    expect(again.stderr()).toBe("");
    expect(again.stdout()).not.toMatch(/"level":"(?:warn|error|fatal)"/);

    await writeFile(join(dataDir, "stripe.jsonl"), "");
    await writeFile(join(dataDir, "clock.json"), '{"offset_ms":');
    const forgetful = run("start", env);
    expect(await forgetful.ended()).toBe(1);
    expect(forgetful.stderr()).toMatch(
      /^\S+\/stripe\.jsonl: is missing or empty, and the database holds gifts [^\n]*remove the whole DATA_DIR to begin anew\.\n$/,
    );
    expect(forgetful.stdout()).toMatch(/"level":"warn".*\/clock\.json is damaged: .* The books may be ahead of it/);
    expect(await readdir(dataDir)).not.toContain("run.json");
  });

  test.each([
    ["/proc/nowhere", "the system refuses to write there"],
    ["package.json", "it is a file"],
    ["package.json/below", "it is a file, or below one"],
  ])("refuses the DATA_DIR %s in one line", async (DATA_DIR, why) => {
    const service = run("start", { ...ports, DATA_DIR });
    expect(await service.ended()).toBe(1);
    expect(service.stderr()).toMatch(new RegExp(`^DATA_DIR \\(\\S+\\) can't be used: ${why}[^\\n]*\\n$`));
    expect(service.stdout()).toBe("");
  });

  test("ends by itself when its DATA_DIR is removed, and says so", { timeout: 60_000 }, async () => {
    const service = run("start", { DATA_DIR: dataDir, ...ports });
    await service.says(TOKEN);
    await rm(dataDir, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 });
    expect(await service.ended()).toBe(1);
    expect(service.stderr()).toMatch(/^Postgres ended: its data in \S+ is gone\. [^\n]*\n$/);
  });

  /** What is started beside it finds its database, Stripe, keys and clock. */
  async function attachTo(env: Record<string, string>, before: unknown): Promise<void> {
    expect((await stat(join(dataDir, "run.json"))).mode & 0o777).toBe(0o600);
    const other = await freePorts();
    const beside = { ...env, ...other };
    const [serve, work] = [run("serve", beside), run("work", beside)];
    await Promise.all([serve.says(/"verb":"serve"/), work.says(/"verb":"work"/)]);
    const made = await runNode(["src/cli/main.ts", "token", "create", "--role", "finance"], {
      NODE_ENV: "development",
      DATA_DIR: dataDir,
    });
    expect(made.stdout).toMatch(/^rdt_/);
    expect((await fetch(`${urlOf(other)}/readyz`)).status).toBe(200);
    expect(await books(urlOf(other), made.stdout.trim())).toEqual(before);
    const abandoned = await start({ url: urlOf(other) }, { frequency: "once", amount: 900, currency: "USD" });
    const { url, expires_at } = (await abandoned.json()) as Start;
    expect(new URL(url).port).toBe(env.SANDBOX_STRIPE_PORT);
    expect(new Date(expires_at).getTime()).toBeGreaterThan(Date.now() + 30 * 86_400_000);
    expect(await Promise.all([serve.end("SIGTERM"), work.end("SIGTERM")])).toEqual([0, 0]);
  }

  async function secondStart(env: Record<string, string>): Promise<void> {
    const second = run("start", { ...env, ...(await freePorts()) });
    expect(await second.end("SIGCONT")).toBe(1);
    expect(second.stderr()).toContain(`DATA_DIR (${dataDir}) is in use`);
    expect(second.stderr()).not.toMatch(STACK);
    expect(await readdir(dataDir)).toContain("run.json");
  }
});

describe("on a database of its own", () => {
  let database: TestDatabase;
  beforeAll(async () => {
    database = await testDatabase();
  });
  afterAll(() => database.drop());
  // Tests of one database seal under one key, wherever their DATA_DIR is.
  const DATA_KEYS = `k1:${randomBytes(32).toString("base64")}`;
  const env = () => ({ DATA_DIR: dataDir, DATABASE_URL: database.url, DATA_KEYS, ...ports });

  test("npm start loads nothing embedded, and a second one on its DATA_DIR is refused all the same", async () => {
    const first = run("start", env());
    await first.says(TOKEN);
    expect(first.stdout()).not.toContain("embedded Postgres");
    expect(await readdir(dataDir)).not.toContain("postgres");
    expect(processesBelow(first.pid)).toEqual([]);
    const second = run("start", { ...env(), ...(await freePorts()) });
    expect(await second.end("SIGCONT")).toBe(1);
    expect(second.stderr()).toContain(
      `DATA_DIR (${dataDir}) is in use: \`npm start\` runs on it as process ${first.pid}, at http://localhost:${ports.PORT}.`,
    );

    const elsewhere = await mkdtemp(join(await fastFolder(), "start-"));
    try {
      const [page, stripe] = [
        run("start", { ...env(), DATA_DIR: elsewhere, SANDBOX_STRIPE_PORT: (await freePorts()).PORT }),
        run("start", { ...env(), DATA_DIR: join(elsewhere, "b"), PORT: (await freePorts()).PORT }),
      ];
      expect(await Promise.all([page.end("SIGCONT"), stripe.end("SIGCONT")])).toEqual([1, 1]);
      expect(page.stderr()).toMatch(new RegExp(`^PORT: ${ports.PORT} on 127\\.0\\.0\\.1 is taken`));
      expect(stripe.stderr()).toMatch(new RegExp(`^SANDBOX_STRIPE_PORT: ${ports.SANDBOX_STRIPE_PORT} is taken`));
      const both = run("start", { ...env(), DATA_DIR: join(elsewhere, "c") });
      expect(await both.ended()).toBe(1);
      expect(both.stderr()).toMatch(/^PORT: .* is taken by .*\nSANDBOX_STRIPE_PORT: .* is taken by .*\n$/);
      for (const each of [page, stripe, both]) {
        expect(each.stderr()).not.toMatch(STACK);
        expect(each.stdout()).not.toMatch(/"level":"(?:warn|error|fatal)"/);
      }
      expect(await readdir(elsewhere)).not.toContain("run.json");
    } finally {
      await rm(elsewhere, { recursive: true, force: true });
    }
    expect(await first.end("SIGTERM")).toBe(0);
  });

  test("readyz of what is attached tells when the simulated Stripe is gone; healthz stays", async () => {
    const first = run("start", env());
    await first.says(TOKEN);
    const other = await freePorts();
    const serve = run("serve", { ...env(), ...other });
    await serve.says(/"verb":"serve"/);
    expect((await fetch(`${urlOf(other)}/readyz`)).status).toBe(200);
    await first.end("SIGTERM");
    const answer = await fetch(`${urlOf(other)}/readyz`);
    expect(answer.status).toBe(503);
    expect(await answer.json()).toEqual({ status: "not_ready", reason: "the simulated Stripe can't be reached" });
    expect((await fetch(`${urlOf(other)}/healthz`)).status).toBe(200);
    expect(await serve.end("SIGINT")).toBe(0);
  });

  test("what crashes prints no values, and leaves nothing running", async () => {
    const service = run("start", {
      ...env(),
      NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(CRASH)}`,
    });
    await service.says(TOKEN);
    expect(await service.end("SIGUSR2")).toBe(1);
    expect(service.stdout()).toMatch(/"level":"fatal".*"code":"23505"/);
    expect(service.stdout() + service.stderr()).not.toContain("ada@leak.example");
  });
  const CRASH = `process.on("SIGUSR2", () => {
    throw Object.assign(new Error("Key (email)=(ada@leak.example) already exists."), { name: "error", code: "23505", severity: "ERROR", detail: "ada@leak.example" });
  });`;
});

describe("run.json", () => {
  const told = {
    public_url: "http://localhost:1",
    database_url: "postgres://a:b@127.0.0.1:1/c",
    stripe_secret_key: "sk_test_x",
    stripe_api_base: null,
    stripe_webhook_secrets: ["whsec_x"],
    smtp_url: "smtp://127.0.0.1:1",
  };
  const path = () => join(dataDir, "run.json");
  const change = async (changes: object) =>
    await writeFile(path(), JSON.stringify({ ...JSON.parse(await readFile(path(), "utf8")), ...changes }));

  test("counts while the very process that wrote it runs, and is for its account's eyes only", async () => {
    expect(readRunFile(dataDir)).toBeNull();
    writeRunFile(dataDir, told);
    expect(readRunFile(dataDir)).toMatchObject({ ...told, pid: process.pid });
    expect((await stat(path())).mode & 0o777).toBe(0o600);
    removeRunFile(dataDir);
    expect(await readdir(dataDir)).toEqual([]);
  });

  test("says where links lead, to whoever attaches and has no address of its own", () => {
    writeRunFile(dataDir, told);
    const addressOf = (given: Partial<Config>, listens: boolean) => {
      const own = { dataDir, dataKeys: null, port: 3000, publicUrl: "http://localhost:3000", ...given };
      const attached = attach({ ...own, stripe: { secretKey: null, webhookSecrets: [] } } as unknown as Config, {
        listens,
      });
      attached.close();
      return attached.config.publicUrl;
    };
    expect(addressOf({}, false)).toBe("http://localhost:1");
    expect(addressOf({ publicUrl: "https://give.example.org" }, false)).toBe("https://give.example.org");
    expect(addressOf({}, true)).toBe("http://localhost:3000");
    removeRunFile(dataDir);
  });

  test("of a process whose number is another's by now doesn't count, nor is it removed by that one", async () => {
    writeRunFile(dataDir, told);
    await change({ identity: `${processIdentity(process.pid)}0` });
    expect(readRunFile(dataDir)).toBeNull();
    removeRunFile(dataDir);
    expect(await readdir(dataDir)).toEqual(["run.json"]);
    await change({ pid: 2 ** 22 + 1, identity: "" });
    expect(readRunFile(dataDir)).toBeNull();
    await change({ pid: process.ppid, identity: processIdentity(process.ppid) });
    expect(readRunFile(dataDir)?.pid).toBe(process.ppid);
    removeRunFile(dataDir);
    expect(await readdir(dataDir)).toEqual(["run.json"]);
  });

  test.each(["", "{", "null", "[]", '{"pid":1}'])("that is damaged (%s) is as good as none", async (content) => {
    await writeFile(path(), content);
    expect(readRunFile(dataDir)).toBeNull();
  });
});

async function filesThatHold(folder: string, text: string): Promise<string[]> {
  const found: string[] = [];
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const path = join(entry.parentPath, entry.name);
    if ((await readFile(path)).includes(text)) found.push(path);
  }
  return found;
}
