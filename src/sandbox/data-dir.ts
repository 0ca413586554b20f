import { mkdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { SetupError } from "../shared/errors.ts";

/**
 * Makes DATA_DIR if it is missing, for this account's eyes only, and makes sure that it can be written to.
 * @throws SetupError when it can't
 */
export function openDataDir(dataDir: string): void {
  try {
    makeFolder(dataDir);
    const probe = join(dataDir, `.probe.${process.pid}.tmp`);
    writeFileSync(probe, "", { mode: 0o600 });
    rmSync(probe, { force: true });
  } catch (error) {
    throw new SetupError([
      `DATA_DIR (${dataDir}) can't be used: ${whyNot(error)}. Set it to a folder that this account can write to.`,
    ]);
  }
}

/** One by one: Node's own way with `recursive` never comes back where the system says that there is no parent, as in /proc. */
function makeFolder(path: string): void {
  const found = statSync(path, { throwIfNoEntry: false });
  if (found?.isDirectory()) return;
  if (found !== undefined) throw Object.assign(new Error("not a folder"), { code: "ENOTDIR" });
  if (dirname(path) !== path) makeFolder(dirname(path));
  try {
    mkdirSync(path, { mode: 0o700 });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
  }
}

function whyNot(error: unknown): string {
  const { code } = error as NodeJS.ErrnoException;
  switch (code) {
    case "ENOTDIR":
      return "it is a file, or below one";
    case "ENOSPC":
      return "the disk is full (ENOSPC)";
    default:
      return `the system refuses to write there (${code ?? "for no reason that it tells"})`;
  }
}
