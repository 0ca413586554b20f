import { chown, lstat, mkdtemp, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { SetupError } from "../../shared/errors.ts";
import { run } from "./child.ts";
import type { Launcher } from "./launcher.ts";
import { scramVerifier } from "./scram.ts";

export const SUPERUSER = "postgres";

/** Text is compared by code point, the same on every machine; dates and messages do not depend on its language. */
const LOCALE = ["--encoding=UTF8", "--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"];

/** Only passwords over loopback; nobody is let in for being on the machine. */
const ACCESS = "host all all 127.0.0.1/32 scram-sha-256\n";

/**
 * Makes the folder `postgres` of DATA_DIR a database that this launcher can start: initialised if there is none, owned
 * by the account that will run it. A first start that was interrupted leaves nothing that matters.
 */
export async function prepareCluster(dataDir: string, launcher: Launcher, durable: boolean): Promise<string> {
  const cluster = join(dataDir, "postgres");
  await removeUnfinished(dataDir);
  const version = await readFile(join(cluster, "PG_VERSION"), "utf8").catch(ignoreMissing);
  if (version === undefined) await initialise(dataDir, cluster, launcher, durable);
  else await checkVersion(cluster, version.trim(), launcher);
  await giveTo(launcher, cluster);
  await writeFile(join(cluster, "pg_hba.conf"), ACCESS);
  return cluster;
}

async function initialise(dataDir: string, cluster: string, launcher: Launcher, durable: boolean): Promise<void> {
  await refuseForeignFolder(cluster);
  const draft = await mkdtemp(join(dataDir, "postgres.new-"));
  await giveTo(launcher, draft);
  const settings = ["-D", draft, "-U", SUPERUSER, "--auth=reject", "--no-instructions", ...LOCALE];
  const outcome = await run(launcher, launcher.binaries.initdb, durable ? settings : [...settings, "--no-sync"]);
  if (outcome.code !== 0) {
    await rm(draft, { recursive: true, force: true });
    throw new SetupError([
      `The embedded Postgres could not set up its data in ${dataDir}: ${lastLine(outcome.output)}`,
    ]);
  }
  await rename(draft, cluster);
}

async function removeUnfinished(dataDir: string): Promise<void> {
  const leftovers = (await readdir(dataDir)).filter((name) => /^postgres\.(new|trial)-/.test(name));
  for (const name of leftovers) await rm(join(dataDir, name), { recursive: true, force: true, maxRetries: 3 });
}

/** An empty folder may be replaced; one with other things in it is somebody's. */
async function refuseForeignFolder(cluster: string): Promise<void> {
  const names = await readdir(cluster).catch(ignoreMissing);
  if (names !== undefined && names.length > 0) {
    throw new SetupError([
      `${cluster} holds files but no database: move them away, or set DATA_DIR to another folder.`,
    ]);
  }
}

async function checkVersion(cluster: string, found: string, launcher: Launcher): Promise<void> {
  const { output } = await run(launcher, launcher.binaries.postgres, ["--version"]);
  const ours = /\(PostgreSQL\) (\d+)/.exec(output)?.[1];
  if (ours === found) return;
  throw new SetupError([
    `The data in ${cluster} was made by Postgres ${found}, and the embedded one is ${ours}: start the version that made ` +
      "it and move the data with pg_dump and psql, or move the folder away to begin with an empty database.",
  ]);
}

/** Hands the data to the account that will run Postgres; the last start may have found another way to run it. */
async function giveTo(launcher: Launcher, folder: string): Promise<void> {
  const { owner } = launcher;
  const mine = owner?.uid ?? process.getuid?.();
  const { uid } = await lstat(folder);
  if (uid === mine || mine === undefined) return;
  if (owner === undefined) {
    throw new SetupError([
      `The data in ${folder} belongs to another account (user id ${uid}): start as that account, give it to ` +
        "yours with chown -R, or set DATA_DIR to another folder.",
    ]);
  }
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    await chown(join(entry.parentPath, entry.name), owner.uid, owner.gid);
  }
  // Last, so that a change of hands that was interrupted is done again.
  await chown(folder, owner.uid, owner.gid);
}

/**
 * Gives the superuser a new password while nobody can connect: no file has to keep it, and no login without a
 * password is ever open. Recovers the database first if it was not shut down.
 */
export async function setPassword(cluster: string, launcher: Launcher, password: string): Promise<void> {
  const statement = `ALTER ROLE ${SUPERUSER} PASSWORD '${scramVerifier(password)}';\n`;
  const quiet = ["-c", "log_min_messages=log", "-c", "log_checkpoints=off", "-c", "log_min_error_statement=panic"];
  const args = ["--single", "-D", cluster, ...quiet, "postgres"];
  let outcome = await run(launcher, launcher.binaries.postgres, args, statement);
  // After kill -9 of the server its workers notice within moments; until then they hold its shared memory.
  for (let waited = 0; waited < 10_000 && /shared memory block .* in use/.test(outcome.output); waited += 200) {
    await sleep(200);
    outcome = await run(launcher, launcher.binaries.postgres, args, statement);
  }
  if (outcome.code === 0 && !/\b(ERROR|FATAL|PANIC):/.test(outcome.output)) return;
  throw new SetupError([`The embedded Postgres could not open its data in ${cluster}: ${lastLine(outcome.output)}`]);
}

function lastLine(output: string): string {
  const lines = output.split("\n").filter((line) => line.trim() !== "");
  return lines.findLast((line) => /error|fatal|panic/i.test(line)) ?? lines.at(-1) ?? "it said nothing";
}

function ignoreMissing(error: NodeJS.ErrnoException): undefined {
  if (error.code === "ENOENT") return undefined;
  throw error;
}
