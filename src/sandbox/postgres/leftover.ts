import { readFile, realpath, rm } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { SetupError } from "../../shared/errors.ts";
import { commandLine, processIdentity, waitForExit } from "./processes.ts";

/** A clean shutdown writes all that is in memory; a slow disk may need this many milliseconds. */
const SHUTDOWN_MS = 30_000;

/**
 * Ends a Postgres that outlived the process which started it (kill -9, no way to tie them together), so that it can be
 * started again as ours; nothing committed is lost. Removes a postmaster.pid whose number is another program's by now,
 * which Postgres by itself would take for a running server. Only the holder of the data's lock may call this.
 */
export async function endLeftover(cluster: string): Promise<void> {
  const file = join(cluster, "postmaster.pid");
  const pid = Number((await readFile(file, "utf8").catch(() => "")).split("\n")[0]);
  if (!Number.isSafeInteger(pid) || pid <= 0) return;
  if (await isPostgresOf(pid, cluster)) await shutDown(pid, cluster);
  await rm(file, { force: true });
}

async function isPostgresOf(pid: number, cluster: string): Promise<boolean> {
  const command = commandLine(pid);
  const folder = await realpath(cluster).catch(() => cluster);
  return processIdentity(pid) !== undefined && /postgres/.test(command) && command.includes(folder);
}

async function shutDown(pid: number, cluster: string): Promise<void> {
  for (const signal of ["SIGINT", "SIGQUIT"] as const) {
    sendSignal(pid, signal, cluster);
    if (await waitForExit(pid, SHUTDOWN_MS)) return await sleep(50);
  }
  throw new SetupError([
    `A Postgres (process ${pid}) still runs on ${cluster} and does not stop: end it, then start again.`,
  ]);
}

function sendSignal(pid: number, signal: NodeJS.Signals, cluster: string): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ESRCH") return;
    throw new SetupError([
      `A Postgres (process ${pid}) runs on ${cluster} under another account and cannot be stopped (${code}): end it first.`,
    ]);
  }
}
