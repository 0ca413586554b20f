import { readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { processIdentity } from "./postgres/processes.ts";

const running = z.object({
  pid: z.int(),
  /** Tells the process from a later one with the same number. */
  identity: z.string(),
  public_url: z.string(),
  database_url: z.string(),
  stripe_secret_key: z.string(),
  stripe_api_base: z.string().nullable(),
  stripe_webhook_secrets: z.array(z.string()),
  smtp_url: z.string(),
});

/** What `npm start` tells the other processes of its DATA_DIR; passwords are in it, so only this account may read it. */
export type Running = z.infer<typeof running>;

export function writeRunFile(dataDir: string, told: Omit<Running, "pid" | "identity">): void {
  const path = pathOf(dataDir);
  const content: Running = { pid: process.pid, identity: processIdentity(process.pid) ?? "", ...told };
  const draft = `${path}.${process.pid}.tmp`;
  writeFileSync(draft, `${JSON.stringify(content, null, 2)}\n`, { mode: 0o600 });
  renameSync(draft, path);
}

/** @returns null when no start is running on this DATA_DIR; what a killed one left behind doesn't count */
export function readRunFile(dataDir: string): Running | null {
  const content = running.safeParse(readJson(pathOf(dataDir))).data;
  return content !== undefined && processIdentity(content.pid) === content.identity ? content : null;
}

function readJson(path: string): unknown {
  try {
    return JSON.parse(readFileSync(path, "utf8"));
  } catch {
    return null;
  }
}

/** Only its own: a later start may have written another. */
export function removeRunFile(dataDir: string): void {
  if (readRunFile(dataDir)?.pid === process.pid) rmSync(pathOf(dataDir), { force: true });
}

function pathOf(dataDir: string): string {
  return join(dataDir, "run.json");
}
