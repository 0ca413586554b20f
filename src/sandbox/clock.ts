import { closeSync, existsSync, openSync, readFileSync, renameSync, watch, writeSync } from "node:fs";
import { join } from "node:path";

/** The sandbox's time: the wall clock plus an offset in whole milliseconds that only ever grows. */
export interface SandboxClock {
  now(): Date;
  offsetMs(): number;
  /** Moves the clock forward; every process on the same clock file sees it within a second. */
  advance(ms: number): void;
}

interface ClosableClock extends SandboxClock {
  close(): void;
}

const REREAD_EVERY_MS = 500;

/** A clock of one process, for tests. */
export function memoryClock(): SandboxClock {
  let offset = 0;
  return {
    now: () => new Date(Date.now() + offset),
    offsetMs: () => offset,
    advance: (ms) => {
      offset += checkedStep(ms);
    },
  };
}

/**
 * A clock that all processes of one DATA_DIR share: the offset is kept in `clock.json`. Asking for the time doesn't
 * touch the file: it is watched, and read again twice a second for file systems that don't tell. `warn` is told of a file that says nothing.
 */
export function fileClock(dataDir: string, warn: (warning: string) => void = () => undefined): ClosableClock {
  const path = join(dataDir, "clock.json");
  const kept = readOffset(path);
  if (kept === undefined && existsSync(path)) {
    warn(
      `${path} is damaged: the sandbox's time is taken to be this machine's. The books may be ahead of it: restore the file, or advance the time by as much as before.`,
    );
  }
  let offset = kept ?? 0;
  const refresh = () => {
    offset = Math.max(offset, readOffset(path) ?? offset);
  };
  const timer = setInterval(refresh, REREAD_EVERY_MS).unref();
  const watcher = watchFolder(dataDir, refresh);
  return {
    now: () => new Date(Date.now() + offset),
    offsetMs: () => offset,
    advance: (ms) => {
      const step = checkedStep(ms);
      refresh();
      offset += step;
      writeOffset(path, offset);
    },
    close: () => {
      clearInterval(timer);
      watcher?.close();
    },
  };
}

function checkedStep(ms: number): number {
  if (!Number.isSafeInteger(ms) || ms < 0) {
    throw new RangeError("The sandbox clock moves forward by a whole number of milliseconds, 0 or more.");
  }
  return ms;
}

function readOffset(path: string): number | undefined {
  try {
    const kept: unknown = JSON.parse(readFileSync(path, "utf8"));
    const offset = typeof kept === "object" && kept !== null && "offset_ms" in kept ? kept.offset_ms : undefined;
    return typeof offset === "number" && Number.isSafeInteger(offset) && offset >= 0 ? offset : undefined;
  } catch {
    return undefined;
  }
}

function writeOffset(path: string, offset: number): void {
  const draft = `${path}.${process.pid}.tmp`;
  const file = openSync(draft, "w", 0o600);
  try {
    writeSync(file, `${JSON.stringify({ offset_ms: offset })}\n`);
  } finally {
    closeSync(file);
  }
  renameSync(draft, path);
}

function watchFolder(folder: string, onChange: () => void) {
  try {
    const watcher = watch(folder, { persistent: false }, (_event, name) => {
      if (name === "clock.json") onChange();
    });
    watcher.on("error", () => watcher.close());
    return watcher;
  } catch {
    return undefined;
  }
}
