import { spawnSync } from "node:child_process";
import { chmod, chown, mkdir, mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Client } from "pg";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { processIdentity } from "../../src/sandbox/postgres/processes.ts";
import {
  afterMounting,
  enterNamespace,
  missingForCircumstances,
  withoutUserNamespaces,
} from "../support/circumstances.ts";
import { fastFolder } from "../support/fast-folder.ts";
import { type Program, type ProgramOptions, runProgram } from "../support/postgres-program.ts";

/** Postgres refuses to run as root, and a clone may stand where only root may go: each way around that, on real accounts. */
const missing = missingForCircumstances();
const PROJECT = fileURLToPath(new URL("../..", import.meta.url));
const NOBODY = 65534;

const USER_NAMESPACE = "(user namespace)";
const NOBODY_WITH_ACCESS = "(account nobody with root's access to files)";

/** Every account may enter it; only root may enter its folder `private`. */
let folder: string;
let dataDir: string;
const programs: Program[] = [];

beforeEach(async () => {
  folder = await mkdtemp(join(await fastFolder(), "embedded-postgres-"));
  await chmod(folder, 0o755);
  await mkdir(join(folder, "private"), { mode: 0o700 });
  dataDir = join(folder, "data");
});

afterEach(async () => {
  for (const program of programs.splice(0)) await program.end("SIGKILL");
  await rm(folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 });
});

describe.skipIf(missing)(`as root${missing ? ` (left out: ${missing})` : ""}`, () => {
  test("in a clone where only root may go, on a machine without an account postgres", async () => {
    const { url, log } = await start(await privateClone()).started;
    expect(log[0]).toContain(USER_NAMESPACE);
    expect(await query(url, "select 1 as one")).toEqual([{ one: 1 }]);
  });

  test("where user namespaces are forbidden, on the same data and back again", async () => {
    const clone = await privateClone();
    const first = start(clone);
    await query((await first.started).url, "create table gift as select 1 as id");
    expect(await first.end("SIGINT")).toBe(0);
    expect((await stat(join(dataDir, "postgres"))).uid).toBe(0);

    const second = start({ ...clone, within: [...clone.within, ...withoutUserNamespaces()] });
    await enterNamespace(second.child);
    const { url, log, pid } = await second.started;
    expect(log[0]).toContain(NOBODY_WITH_ACCESS);
    expect(await accountOf(pid)).toBe(NOBODY);
    await query(url, "insert into gift values (2)");
    // The kernel tells Postgres of our end here too.
    await second.end("SIGKILL");
    await vi.waitFor(() => expect(processIdentity(pid)).toBeUndefined(), 10_000);
    expect((await stat(join(dataDir, "postgres"))).uid).toBe(NOBODY);

    const third = await start(clone).started;
    expect(third.log[0]).toContain(USER_NAMESPACE);
    expect(await query(third.url, "select id from gift order by id")).toEqual([{ id: 1 }, { id: 2 }]);
  });

  test("without setpriv, as the account nobody, from a clone where only root may go", async () => {
    const clone = await privateClone();
    dataDir = join(folder, "data");
    const program = start({ ...clone, within: [...clone.within, ...withoutSetpriv()] });
    const { url, log, pid } = await program.started;
    expect(log[0]).toContain("(account nobody)");
    expect(await accountOf(pid)).toBe(NOBODY);
    expect(await query(url, "select 1 as one")).toEqual([{ one: 1 }]);
    expect(await program.end("SIGINT")).toBe(0);
    expect(processIdentity(pid)).toBeUndefined();
  });

  test("where nothing works, with an error that lists what was tried and the way out", async () => {
    const clone = await privateClone();
    const failed = start({ ...clone, within: [...clone.within, ...withoutSetpriv()] }).started;
    await expect(failed).rejects.toThrow(/SetupError: .*user namespace: .*account nobody: .*set DATABASE_URL/);
  });
});

describe.skipIf(missing)(`as an ordinary user${missing ? ` (left out: ${missing})` : ""}`, () => {
  beforeEach(async () => {
    await mkdir(dataDir, { mode: 0o700 });
    await chown(dataDir, NOBODY, NOBODY);
  });

  test("it starts, and ends with its service", async (context) => {
    if (!canRunAs(NOBODY)) return context.skip("other accounts may not enter this project's folder");
    const program = start({ uid: NOBODY, gid: NOBODY });
    const { url, pid, log } = await program.started;
    expect(log[0]).toContain("(tied to this process)");
    expect(await accountOf(pid)).toBe(NOBODY);
    expect(await query(url, "select 1 as one")).toEqual([{ one: 1 }]);
    await program.end("SIGKILL");
    await vi.waitFor(() => expect(processIdentity(pid)).toBeUndefined(), 10_000);
  });

  test("data of another account is refused by name, and left as it is", async (context) => {
    if (!canRunAs(NOBODY)) return context.skip("other accounts may not enter this project's folder");
    await mkdir(join(dataDir, "postgres"), { mode: 0o755 });
    await writeFile(join(dataDir, "postgres", "PG_VERSION"), "18\n");
    await expect(start({ uid: NOBODY, gid: NOBODY }).started).rejects.toThrow(/belongs to another account/);
    await chown(dataDir, 0, 0);
    await expect(start({ uid: NOBODY, gid: NOBODY }).started).rejects.toThrow(/DATA_DIR .* cannot hold .*EACCES/);
  });

  test("root can go on with the data afterwards", async (context) => {
    if (!canRunAs(NOBODY)) return context.skip("other accounts may not enter this project's folder");
    const program = start({ uid: NOBODY, gid: NOBODY });
    await query((await program.started).url, "create table gift as select 1 as id");
    await program.end("SIGINT");
    const { url } = await start().started;
    expect(await query(url, "select id from gift")).toEqual([{ id: 1 }]);
  });
});

function start(options: ProgramOptions = {}): Program {
  const program = runProgram(dataDir, options);
  programs.push(program);
  return program;
}

/** The project and its data where only root may go, with two accounts on the machine and nothing of ours in public. */
async function privateClone() {
  dataDir = join(folder, "private", "data");
  const clone = join(folder, "private", "clone");
  await mkdir(clone);
  const accounts = join(folder, "passwd");
  await writeFile(accounts, "root:x:0:0::/root:/bin/sh\nnobody:x:65534:65534::/:/bin/false\n", { mode: 0o644 });
  const commands = [
    'mount --bind "$1" "$2"',
    'mount --bind "$3" /etc/passwd',
    "mount -t tmpfs -o mode=755 none /var/lib",
  ].join("\n");
  return { project: clone, within: afterMounting(commands, [PROJECT, clone, accounts]) };
}

function withoutSetpriv(): string[] {
  return afterMounting('mount --bind /bin/false "$(command -v setpriv)"');
}

function canRunAs(uid: number): boolean {
  return (
    spawnSync("cat", [process.execPath, fileURLToPath(import.meta.url)], { uid, gid: uid, stdio: "ignore" }).status ===
    0
  );
}

async function accountOf(pid: number): Promise<number> {
  return Number(/^Uid:\s+(\d+)/m.exec(await readFile(`/proc/${pid}/status`, "utf8"))?.[1]);
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
