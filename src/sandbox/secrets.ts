import { randomBytes } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { DataKey } from "../config.ts";
import { SetupError } from "../shared/errors.ts";

const KEYS = "data-keys";

/** The data keys of this DATA_DIR, made on first use; the newest comes first. */
export function sandboxDataKeys(dataDir: string): readonly DataKey[] {
  if (!existsSync(join(dataDir, KEYS))) addSandboxDataKey(dataDir);
  const text = readFileSync(join(dataDir, KEYS), "utf8").trim();
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

/** Puts a new key before the others: from now on it encrypts. */
export function addSandboxDataKey(dataDir: string): void {
  const path = join(dataDir, KEYS);
  const older = existsSync(path) ? [readFileSync(path, "utf8").trim()] : [];
  const key = `${randomBytes(4).toString("hex")}:${randomBytes(32).toString("base64")}`;
  writeSecret(dataDir, KEYS, [key, ...older].join(","));
}

/** A secret that stays the same from start to start. */
export function keptSecret(dataDir: string, name: string, make: () => string): string {
  const path = join(dataDir, name);
  if (existsSync(path)) return readFileSync(path, "utf8").trim();
  const secret = make();
  writeSecret(dataDir, name, secret);
  return secret;
}

export function writeSecret(dataDir: string, name: string, text: string): void {
  mkdirSync(dataDir, { recursive: true, mode: 0o700 });
  const path = join(dataDir, name);
  writeFileSync(`${path}.tmp`, `${text}\n`, { mode: 0o600 });
  renameSync(`${path}.tmp`, path);
}
