import { type FSWatcher, statSync, watch } from "node:fs";
import { dirname, join } from "node:path";
import type { Logger } from "pino";
import { SetupError } from "../shared/errors.ts";
import { loadNewsroom, type NewsroomConfig } from "./load.ts";
import { localeFiles, localesDirectory } from "./locales.ts";

interface Timing {
  /** Editors write in several steps; the file is read when they have been quiet for this long. */
  readonly quietMs: number;
  /** Mounted volumes and network disks report no changes, so the files are also looked at this often. */
  readonly pollMs: number;
}

export interface WatchedNewsroom {
  /** The last configuration that was whole. */
  current(): NewsroomConfig;
  close(): void;
}

/**
 * Loads the newsroom's file and again whenever it or a language changes, also when an editor replaces it. A broken edit
 * keeps the last good one and logs why. Throws a SetupError when the first load fails.
 */
export function watchNewsroom(
  path: string,
  log: Pick<Logger, "info" | "error">,
  timing: Timing = { quietMs: 100, pollMs: 2_000 },
): WatchedNewsroom {
  let seen = fingerprint(path);
  let newsroom = loadNewsroom(path);
  let quiet: NodeJS.Timeout | null = null;

  const reload = () => {
    const now = fingerprint(path);
    if (now === seen) return;
    seen = now;
    try {
      newsroom = loadNewsroom(path);
      log.info("The newsroom's configuration was reloaded.");
    } catch (error) {
      const faults = error instanceof SetupError ? error.faults : ["the files could not be read"];
      log.error({ faults }, "The newsroom's configuration has faults; the last good one stays in use.");
    }
  };
  const soon = () => {
    if (quiet) clearTimeout(quiet);
    quiet = setTimeout(reload, timing.quietMs);
    quiet.unref();
  };

  const watchers = [dirname(path), localesDirectory(path)].flatMap((directory) => watchDirectory(directory, soon));
  const poll = setInterval(() => {
    if (fingerprint(path) !== seen) soon();
  }, timing.pollMs);
  poll.unref();
  return {
    current: () => newsroom,
    close() {
      clearInterval(poll);
      if (quiet) clearTimeout(quiet);
      for (const watcher of watchers) watcher.close();
    },
  };
}

/** A directory rather than a file, because a file that is replaced by renaming takes its watcher along. */
function watchDirectory(directory: string, onChange: () => void): readonly FSWatcher[] {
  try {
    const watcher = watch(directory, { persistent: false }, onChange);
    // Polling goes on where watching stops, for example when the system's watches are used up.
    watcher.on("error", () => watcher.close());
    return [watcher];
  } catch {
    return [];
  }
}

/** Changes when any of the files does. */
function fingerprint(path: string): string {
  const directory = localesDirectory(path);
  const files = [path, ...localeFiles(directory).map((locale) => join(directory, `${locale}.yaml`))];
  return files.map((file) => `${file} ${stamp(file)}`).join("\n");
}

function stamp(file: string): string {
  const stats = statSync(file, { bigint: true, throwIfNoEntry: false });
  return stats ? `${stats.ino} ${stats.size} ${stats.mtimeNs}` : "gone";
}
