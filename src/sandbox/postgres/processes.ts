import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";

/**
 * What tells one process from another that got the same number later: on Linux the boot and the start time in clock
 * ticks, elsewhere the start time that `ps` shows. Undefined when no such process runs; a zombie does not run.
 */
export function processIdentity(pid: number): string | undefined {
  if (process.platform === "linux") return linuxIdentity(pid);
  if (process.platform === "win32") return isSignalable(pid) ? "running" : undefined;
  const line = ps(pid, "stat=,lstart=");
  return line === "" || line.startsWith("Z") ? undefined : line.slice(line.indexOf(" ") + 1).trim();
}

/** The command line of a process, its arguments separated by NUL (Linux) or blanks; empty when it cannot be read. */
export function commandLine(pid: number): string {
  if (process.platform !== "linux") return process.platform === "win32" ? "" : ps(pid, "command=");
  return readProc(`${pid}/cmdline`);
}

/** Waits until a process is gone; false when it still runs after `milliseconds`. */
export async function waitForExit(pid: number, milliseconds: number): Promise<boolean> {
  const identity = processIdentity(pid);
  const deadline = performance.now() + milliseconds;
  while (identity !== undefined && processIdentity(pid) === identity) {
    if (performance.now() > deadline) return false;
    await sleep(20);
  }
  return true;
}

function linuxIdentity(pid: number): string | undefined {
  const text = readProc(`${pid}/stat`);
  // The second field, the program's name in parentheses, may itself hold blanks and parentheses.
  const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
  const [state, startedAt] = [fields[0], fields[19]];
  if (startedAt === undefined || state === "Z" || state === "X") return undefined;
  return `${readProc("sys/kernel/random/boot_id").trim()}:${startedAt}`;
}

function readProc(path: string): string {
  try {
    return readFileSync(`/proc/${path}`, "utf8");
  } catch {
    return "";
  }
}

function ps(pid: number, format: string): string {
  try {
    return execFileSync("ps", ["-o", format, "-p", String(pid)], { encoding: "utf8", stdio: "pipe" }).trim();
  } catch {
    return "";
  }
}

function isSignalable(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}
