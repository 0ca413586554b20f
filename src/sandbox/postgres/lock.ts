import { randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import { link, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { SetupError } from "../../shared/errors.ts";
import { processIdentity } from "./processes.ts";

interface Owner {
  readonly pid: number;
  readonly identity: string;
}

/** Says that one process, and no other, runs the database of a DATA_DIR. A process that was killed holds it no more. */
export interface DataLock {
  release(): Promise<void>;
}

/** Takes the DATA_DIR's lock or throws a SetupError that names the process that holds it. */
export async function lockData(dataDir: string): Promise<DataLock> {
  const path = join(dataDir, "postgres.lock");
  const mine = `${JSON.stringify({ pid: process.pid, identity: processIdentity(process.pid) ?? "" })}\n`;
  for (let attempt = 0; attempt < 20; attempt++) {
    if (await createWhole(path, mine)) return { release: () => rm(path, { force: true }) };
    const owner = await readOwner(path);
    if (owner !== undefined && processIdentity(owner.pid) === owner.identity) throw inUse(dataDir, owner.pid);
    await removeIfStillOf(path, owner);
  }
  throw new SetupError([`The lock of DATA_DIR (${path}) keeps changing hands: start one process at a time.`]);
}

function inUse(dataDir: string, pid: number): SetupError {
  return new SetupError([
    `DATA_DIR (${dataDir}) is in use: process ${pid} runs its embedded Postgres. ` +
      "Stop that process first, or set DATA_DIR to another folder.",
  ]);
}

/** Makes the file appear with its content at once; false when there is one already. */
async function createWhole(path: string, content: string): Promise<boolean> {
  const draft = `${path}.${randomUUID()}`;
  await writeFile(draft, content, { mode: 0o600, flag: "wx" });
  try {
    await link(draft, path);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
    throw error;
  } finally {
    await rm(draft, { force: true });
  }
}

async function readOwner(path: string): Promise<Owner | undefined> {
  return parseOwner(await readFile(path, "utf8").catch(() => ""));
}

function parseOwner(text: string): Owner | undefined {
  try {
    const { pid, identity } = JSON.parse(text);
    return Number.isSafeInteger(pid) && pid > 0 && typeof identity === "string" ? { pid, identity } : undefined;
  } catch {
    return undefined;
  }
}

/** Two starts may find the same dead owner: what is moved aside is looked at again, and given back if it is another's. */
async function removeIfStillOf(path: string, owner: Owner | undefined): Promise<void> {
  const aside = `${path}.${randomUUID()}`;
  try {
    await rename(path, aside);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return;
    throw error;
  }
  const moved = parseOwner(readFileSync(aside, "utf8"));
  if (moved?.pid !== owner?.pid || moved?.identity !== owner?.identity) await link(aside, path).catch(() => {});
  await rm(aside, { force: true });
}
