import { randomBytes } from "node:crypto";
import { existsSync, linkSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { DataKey } from "../config.ts";
import { SetupError } from "../shared/errors.ts";
import { openDataDir } from "./data-dir.ts";

const KEYS = "data-keys";

/**
 * Where the data keys of this DATA_DIR are read, the newest first. They are made on first use and never again: of a folder that was taken
 * away meanwhile nothing may come back.
 */
export function sandboxDataKeys(dataDir: string): () => readonly DataKey[] {
  let made = false;
  return () => {
    const text = made ? readFileSync(join(dataDir, KEYS), "utf8").trim() : keptSecret(dataDir, KEYS, newDataKey);
    made = true;
    return parseKeys(dataDir, text);
  };
}

function parseKeys(dataDir: string, text: string): readonly DataKey[] {
  const keys = text.split(",").map((part) => {
    const [id = "", key = ""] = part.split(":");
    return { id, key: Buffer.from(key, "base64") };
  });
  if (keys.some((key) => key.id === "" || key.key.length !== 32)) {
    throw new SetupError([
      `${join(dataDir, KEYS)}: is damaged. Restore it, or remove the whole DATA_DIR to begin anew.`,
    ]);
  }
  return keys;
}

/** Puts a new key before the others: from now on it encrypts. @returns its id */
export function addSandboxDataKey(dataDir: string): string {
  const path = join(dataDir, KEYS);
  const older = existsSync(path) ? [readFileSync(path, "utf8").trim()] : [];
  const added = newDataKey();
  writeSecret(dataDir, KEYS, [added, ...older].join(","));
  return added.slice(0, added.indexOf(":"));
}

function newDataKey(): string {
  return `${randomBytes(4).toString("hex")}:${randomBytes(32).toString("base64")}`;
}

/** A secret that stays the same from start to start; of two processes that make it at once, one does and the other takes that. */
export function keptSecret(dataDir: string, name: string, make: () => string): string {
  const path = join(dataDir, name);
  if (!existsSync(path)) write(dataDir, name, make(), linkIfNone);
  return readFileSync(path, "utf8").trim();
}

export function writeSecret(dataDir: string, name: string, text: string): void {
  write(dataDir, name, text, renameSync);
}

/** The file appears whole, for this account's eyes only. */
function write(dataDir: string, name: string, text: string, put: (draft: string, path: string) => void): void {
  openDataDir(dataDir);
  const path = join(dataDir, name);
  const draft = `${path}.${process.pid}.tmp`;
  rmSync(draft, { force: true });
  writeFileSync(draft, `${text}\n`, { mode: 0o600 });
  put(draft, path);
  rmSync(draft, { force: true });
}

function linkIfNone(draft: string, path: string): void {
  try {
    linkSync(draft, path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
  }
}
