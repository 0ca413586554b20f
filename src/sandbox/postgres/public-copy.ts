import { chmod, cp, lstat, mkdtemp, readdir, readFile, rename, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

/** Where root can put programs for another account: first what outlives a restart of the machine. */
const PUBLIC_FOLDERS = ["/var/lib", tmpdir()];

/**
 * A folder with the same programs that every account may enter: the given one (`native` of the platform's package) if
 * all can reach it, else a copy, made once for each version. Only root calls this, and a copy that anyone else could
 * have touched is never used. Where no copy can be made it is the given one.
 */
export async function publicCopy(root: string): Promise<string> {
  if (await isPublic(join(root, "bin", "postgres"))) return root;
  const { version } = JSON.parse(await readFile(join(root, "..", "package.json"), "utf8"));
  for (const folder of PUBLIC_FOLDERS) {
    const copy = join(folder, `reader-donations-postgres-${version}-${process.arch}`);
    if (await isOurs(copy)) return copy;
    if (!(await isPublic(folder))) continue;
    await makeCopy(root, copy).catch(() => {});
    if (await isOurs(copy)) return copy;
  }
  return root;
}

/** True when any account may read (a folder: enter) the path and pass through every folder above it. */
async function isPublic(path: string): Promise<boolean> {
  const { mode } = await stat(path).catch(() => ({ mode: 0 }));
  if ((mode & 0o005) !== 0o005) return false;
  for (let folder = dirname(path); folder !== dirname(folder); folder = dirname(folder)) {
    if (((await stat(folder)).mode & 0o001) === 0) return false;
  }
  return true;
}

async function isOurs(copy: string): Promise<boolean> {
  const found = await lstat(copy).catch(() => undefined);
  return found?.isDirectory() === true && found.uid === 0 && (found.mode & 0o022) === 0;
}

/** Fills a draft and gives it its name at the end, so that a copy is there whole or not at all. */
async function makeCopy(root: string, copy: string): Promise<void> {
  const draft = await mkdtemp(`${copy}.`);
  try {
    for (const part of ["bin", "lib", "share"]) {
      await cp(join(root, part), join(draft, part), { recursive: true, verbatimSymlinks: true });
    }
    for (const entry of await readdir(draft, { recursive: true, withFileTypes: true })) {
      if (entry.isSymbolicLink()) continue;
      const isProgram = entry.isDirectory() || entry.parentPath.endsWith("bin");
      await chmod(join(entry.parentPath, entry.name), isProgram ? 0o755 : 0o644);
    }
    await chmod(draft, 0o755);
    await rename(draft, copy);
  } finally {
    await rm(draft, { recursive: true, force: true });
  }
}
