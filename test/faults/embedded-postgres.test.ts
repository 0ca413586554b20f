import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { Client } from "pg";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { processIdentity } from "../../src/sandbox/postgres/processes.ts";
import { type EmbeddedPostgres, startEmbeddedPostgres } from "../../src/sandbox/postgres/start.ts";
import { SetupError } from "../../src/shared/errors.ts";
import { fastFolder } from "../support/fast-folder.ts";
import { type Program, type ProgramOptions, runProgram } from "../support/postgres-program.ts";

let dataDir: string;
const running: { stop(): Promise<unknown> }[] = [];

beforeEach(async () => {
  dataDir = await mkdtemp(join(await fastFolder(), "embedded-postgres-"));
});

afterEach(async () => {
  for (const { stop } of running.splice(0)) await stop();
  await rm(dataDir, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
});

describe("an embedded Postgres", () => {
  test("starts in an empty folder, and again with the same data", async () => {
    const first = await start();
    await query(first.url, "create table gift (id int primary key)");
    await query(first.url, "insert into gift values (1)");
    await first.stop();

    const second = await start();
    expect(await query(second.url, "select id from gift")).toEqual([{ id: 1 }]);
  });

  test("gives the application what it would have in production: a database of its own, and no superuser", async () => {
    const { url, adminUrl } = await start();
    const role = "select rolsuper, rolcreatedb, rolcreaterole, rolname from pg_roles where rolname = current_user";
    expect(await query(url, role)).toEqual([
      { rolsuper: false, rolcreatedb: true, rolcreaterole: true, rolname: "donations" },
    ]);
    expect(await query(adminUrl, "select rolsuper from pg_roles where rolname = current_user")).toEqual([
      { rolsuper: true },
    ]);
    const facts = `select datname, pg_get_userbyid(datdba) as owner, pg_encoding_to_char(encoding) as encoding,
      datlocprovider, current_setting('timezone') as zone, current_setting('fsync') as fsync
      from pg_database where datname = current_database()`;
    expect(await query(url, facts)).toEqual([
      { datname: "donations", owner: "donations", encoding: "UTF8", datlocprovider: "b", zone: "UTC", fsync: "on" },
    ]);
  });

  test("lets nobody in without this start's password, and keeps the password in no file", async () => {
    const first = await start();
    const without = new URL(first.adminUrl);
    without.password = "";
    const wrong = new URL(first.url);
    wrong.password = "guess";
    await expect(query(without.href, "select 1")).rejects.toThrow();
    await expect(query(wrong.href, "select 1")).rejects.toMatchObject({ code: "28P01" });
    await first.stop();
    const second = await start();
    const old = new URL(second.url);
    old.password = new URL(first.url).password;
    await expect(query(old.href, "select 1")).rejects.toMatchObject({ code: "28P01" });
    await second.stop();
    const secrets = [first.url, first.adminUrl, second.url, second.adminUrl].map((url) => new URL(url).password);
    expect(await filesThatHold(dataDir, secrets)).toEqual([]);
    expect((await stat(join(dataDir, "postgres"))).mode & 0o077).toBe(0);
  });

  test("logs no values that a client sent", async () => {
    const log: string[] = [];
    const { url } = await start({ log: ({ msg }) => log.push(msg) });
    await query(url, "create table donor (email text unique)");
    await query(url, "insert into donor values ('ada@example.org')");
    await expect(query(url, "insert into donor values ('ada@example.org')")).rejects.toThrow();
    await expect(query(url, "select 'ada@example.org'::int")).rejects.toThrow();
    expect(log.join("\n")).toMatch(/ready to accept connections/);
    expect(log.join("\n")).not.toMatch(/ada@example\.org/);
  });
});

describe("a second start on the same data", () => {
  test("is refused with the process that runs it, from the same process and from another", async () => {
    const program = runAndStop();
    await program.started;
    await expect(start()).rejects.toThrow(`process ${program.child.pid} runs its embedded Postgres`);
    await program.end("SIGINT");

    await start();
    const refused = expect(start()).rejects;
    await refused.toThrow(SetupError);
    await expect(runAndStop().started).rejects.toThrow(`process ${process.pid} runs its embedded Postgres`);
  });

  test("at the same moment lets exactly one through", async () => {
    const outcomes = await Promise.allSettled([start(), start(), start()]);
    expect(outcomes.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
  });

  test("a second call of stop does not free what somebody else holds by then", async () => {
    const first = await start();
    await first.stop();
    const second = await start();
    await first.stop();
    await expect(start()).rejects.toThrow(SetupError);
    expect(await query(second.url, "select 1 as one")).toEqual([{ one: 1 }]);
  });
});

describe("after kill -9", () => {
  test("of the service, Postgres ends by itself where the kernel can tell it, and nothing committed is lost", async () => {
    const program = runAndStop();
    const { url, pid } = await program.started;
    await query(url, "create table gift as select 1 as id");
    await program.end("SIGKILL");
    if (process.platform === "linux") await vi.waitFor(() => expect(isRunning(pid)).toBe(false), 10_000);
    const { url: next } = await start();
    expect(await query(next, "select id from gift")).toEqual([{ id: 1 }]);
    expect(isRunning(pid)).toBe(false);
  });

  test("of the service, a Postgres that has not ended is ended by the next start", async () => {
    const program = runAndStop();
    const { url, pid } = await program.started;
    await query(url, "create table gift as select 1 as id");
    // Stopped, it cannot act on any signal: to the next start it is a server that outlived its service.
    process.kill(pid, "SIGSTOP");
    await program.end("SIGKILL");
    const next = start();
    await sleep(500);
    expect(isRunning(pid)).toBe(true);
    process.kill(pid, "SIGCONT");
    expect(await query((await next).url, "select id from gift")).toEqual([{ id: 1 }]);
    expect(isRunning(pid)).toBe(false);
  });

  test("of both, the next start recovers what was committed", async () => {
    const program = runAndStop();
    const { url, pid } = await program.started;
    await query(url, "create table gift as select 1 as id");
    process.kill(pid, "SIGKILL");
    await program.end("SIGKILL");
    const { url: next } = await start();
    expect(await query(next, "select id from gift")).toEqual([{ id: 1 }]);
  });

  test("a number in postmaster.pid that is another program's by now is no running server", async () => {
    const first = await start();
    const file = join(dataDir, "postgres", "postmaster.pid");
    const text = await readFile(file, "utf8");
    await first.stop();
    await writeFile(file, text.replace(/^\d+/, String(process.ppid)));
    const { url } = await start();
    expect(await query(url, "select 1 as one")).toEqual([{ one: 1 }]);
    expect(isRunning(process.ppid)).toBe(true);
  });

  test("a lock with the number of another program is nobody's", async () => {
    await writeFile(join(dataDir, "postgres.lock"), JSON.stringify({ pid: process.ppid, identity: "another time" }));
    expect((await start()).port).toBeGreaterThan(0);
  });

  test("in the middle of the first start, the next one begins anew and leaves no remains", async () => {
    const program = runAndStop();
    await vi.waitFor(async () => expect(await draftHolds("PG_VERSION")).toBe(true), { timeout: 10_000, interval: 1 });
    await program.end("SIGKILL");
    expect(await readdir(dataDir)).not.toContain("postgres");
    const { url } = await start();
    expect(await query(url, "select 1 as one")).toEqual([{ one: 1 }]);
    expect((await readdir(dataDir)).sort()).toEqual(["postgres", "postgres.lock"]);
  });
});

describe("the end of the service", () => {
  test("by Ctrl-C comes when it is done with its work, with no process and no file left behind", async () => {
    const program = runAndStop();
    const { pid } = await program.started;
    // To the whole group, as a terminal sends it.
    expect(await program.end("SIGINT")).toBe(0);
    expect(program.lines).toEqual(["drained"]);
    expect(isRunning(pid)).toBe(false);
    expect(await readdir(dataDir)).toEqual(["postgres"]);
    expect(await readdir(join(dataDir, "postgres"))).not.toContain("postmaster.pid");
  });

  test("by an error takes Postgres along", async () => {
    const program = runAndStop();
    const { pid } = await program.started;
    program.child.stdin?.write("fail\n");
    await program.end("SIGCONT");
    await vi.waitFor(() => expect(isRunning(pid)).toBe(false), 10_000);
  });
});

describe("what cannot work is said", () => {
  test("a taken port, by its number", async () => {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const address = server.address();
    const port = typeof address === "object" && address !== null ? address.port : 0;
    try {
      const refused = start({ port });
      await expect(refused).rejects.toThrow(SetupError);
      await expect(refused).rejects.toThrow(`port ${port} `);
    } finally {
      await new Promise((resolve) => server.close(resolve));
    }
    expect((await start({ port })).port).toBe(port);
  });

  test("data of another major version, by both numbers", async () => {
    await (await start()).stop();
    await writeFile(join(dataDir, "postgres", "PG_VERSION"), "17\n");
    await expect(start()).rejects.toThrow(/made by Postgres 17, and the embedded one is 18/);
  });

  test("a folder of that name with other things in it is left alone", async () => {
    await mkdir(join(dataDir, "postgres"));
    await writeFile(join(dataDir, "postgres", "notes.txt"), "mine");
    await expect(start()).rejects.toThrow(/holds files but no database/);
    expect(await readFile(join(dataDir, "postgres", "notes.txt"), "utf8")).toBe("mine");
  });

  test("data that is damaged, by what Postgres says", async () => {
    await (await start()).stop();
    await rm(join(dataDir, "postgres", "global", "pg_control"));
    await expect(start()).rejects.toThrow(SetupError);
  });

  test("a DATA_DIR that is a file", async () => {
    await writeFile(join(dataDir, "file"), "");
    await expect(startEmbeddedPostgres({ dataDir: join(dataDir, "file") })).rejects.toThrow(/DATA_DIR .*cannot hold/);
  });
});

async function start(options: Partial<Parameters<typeof startEmbeddedPostgres>[0]> = {}): Promise<EmbeddedPostgres> {
  const postgres = await startEmbeddedPostgres({ dataDir, ...options });
  running.push(postgres);
  return postgres;
}

function runAndStop(options: ProgramOptions = {}): Program {
  const program = runProgram(dataDir, options);
  running.push({ stop: () => program.end("SIGKILL") });
  return program;
}

async function query(url: string, statement: string): Promise<unknown[]> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query(statement)).rows;
  } finally {
    await client.end();
  }
}

function isRunning(pid: number): boolean {
  return processIdentity(pid) !== undefined;
}

async function draftHolds(name: string): Promise<boolean> {
  const draft = (await readdir(dataDir)).find((entry) => entry.startsWith("postgres.new-"));
  return draft !== undefined && (await readdir(join(dataDir, draft))).includes(name);
}

async function filesThatHold(folder: string, secrets: readonly string[]): Promise<string[]> {
  const found: string[] = [];
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const path = join(entry.parentPath, entry.name);
    const content = await readFile(path, "latin1");
    if (secrets.some((secret) => content.includes(secret))) found.push(path);
  }
  return found;
}
