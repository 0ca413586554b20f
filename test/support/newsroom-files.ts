import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterEach, beforeEach } from "vitest";
import { parseDocument } from "yaml";

/** The folder of what is shipped. */
export const SHIPPED = resolve("config");
export const LANGUAGES = ["ar", "de", "en", "es", "fr", "ru"];

export interface NewsroomFiles {
  readonly directory: string;
  /** newsroom.yaml */
  readonly file: string;
  readonly locale: (name: string) => string;
}

/** Gives each test of the file its own copy of the shipped configuration. */
export function newsroomFiles(): () => NewsroomFiles {
  let directory = "";
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), "newsroom-"));
    cpSync(join(SHIPPED, "newsroom.yaml"), join(directory, "newsroom.yaml"));
    cpSync(join(SHIPPED, "locales"), join(directory, "locales"), { recursive: true });
  });
  afterEach(() => rmSync(directory, { recursive: true, force: true }));
  return () => ({
    directory,
    file: join(directory, "newsroom.yaml"),
    locale: (name) => join(directory, "locales", `${name}.yaml`),
  });
}

export type Change = readonly [path: string, value: unknown];

/** Sets (or with undefined removes) keys of a YAML file, written as `a.b.0`. */
export function edit(path: string, ...changes: readonly Change[]): void {
  const document = parseDocument(readFileSync(path, "utf8"));
  for (const [key, value] of changes) {
    if (value === undefined) document.deleteIn(steps(key));
    else document.setIn(steps(key), document.createNode(value));
  }
  writeFileSync(path, document.toString());
}

const steps = (key: string) => key.split(".").map((step) => (/^\d+$/.test(step) ? Number(step) : step));
