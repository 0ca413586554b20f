import { execFile } from "node:child_process";
import { cp, mkdir, mkdtemp, readdir, readFile, realpath, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join, relative } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

/**
 * Each import rule of the house, proven by a file that breaks it on purpose. All files go into a copy of the tree's lint
 * configuration, Biome runs over them once, and each test reads what it said about its own file.
 */

const root = join(import.meta.dirname, "../..");
const features = ["checkout", "inbox", "ledger", "reminders", "donors", "reports", "staff", "sandbox"];
const groundFloor = ["stripe", "http", "db", "vault", "audit"];
const folders = [...features, "donations", "mail", "pages", "mirror", ...groundFloor, "shared", "cli"];
/** These have rules of their own. */
const apart = ["config", "newsroom", "widget"];

const floorOf = (folder: string): number => {
  if (folder === "cli") return 5;
  if (features.includes(folder)) return 4;
  if (["donations", "mail", "pages"].includes(folder)) return 3;
  if (folder === "mirror") return 2;
  return folder === "shared" ? 0 : 1;
};

/** Imports point down or sideways, and features stand apart. */
const mayImport = (from: string, to: string): boolean =>
  floorOf(to) < floorOf(from) || (floorOf(to) === floorOf(from) && !features.includes(from));

interface Broken {
  readonly file: string;
  readonly code: string;
  /** What Biome must say, and nothing else may be said of the file. */
  readonly rule: string;
}

const restricted = "lint/style/noRestrictedImports";

const brokenImports: Broken[] = folders.flatMap((from) =>
  folders
    .filter((to) => to !== from && !mayImport(from, to))
    .flatMap((to) => [
      { file: `src/${from}/to-${to}.ts`, code: `export { it } from "../${to}/it.ts";`, rule: restricted },
      { file: `src/${from}/deep/to-${to}.ts`, code: `export { it } from "../../${to}/deep/it.ts";`, rule: restricted },
    ]),
);

const soundImports = folders.flatMap((from) =>
  folders
    .filter((to) => to !== from && mayImport(from, to))
    .flatMap((to) => [
      { file: `src/${from}/to-${to}.ts`, code: `export { it } from "../${to}/it.ts";` },
      { file: `src/${from}/deep/to-${to}.ts`, code: `export { it } from "../../${to}/deep/it.ts";` },
    ]),
);

const express = "express is imported by";
const stripe = "stripe is imported by";
const sql = "SQL lives in";
const pg = "pg is imported by";
const d3 = "d3 is imported by";
const testCode = "src/ doesn't import from test/";
const topLevel = "of the files at the top of src/";
const importType = "Write `import type";

const broken: Broken[] = [
  ...brokenImports,
  { file: "src/checkout/type.ts", code: `export type { It } from "../inbox/it.ts";`, rule: restricted },
  { file: "src/checkout/dynamic.ts", code: `export const it = await import("../inbox/it.ts");`, rule: restricted },
  { file: "src/checkout/all.ts", code: `export * from "../ledger/it.ts";`, rule: restricted },
  { file: "src/checkout/import-type.ts", code: `export type It = import("../inbox/it.ts").It;`, rule: importType },
  { file: "src/staff/from-app.ts", code: `export { it } from "../app.ts";`, rule: topLevel },
  { file: "src/staff/from-main.ts", code: `export { it } from "../main.ts";`, rule: topLevel },
  { file: "src/mail/from-app.ts", code: `export { it } from "../app.ts";`, rule: topLevel },
  { file: "src/mirror/from-main.ts", code: `export { it } from "../main.ts";`, rule: topLevel },
  { file: "src/http/from-app.ts", code: `export { it } from "../app.ts";`, rule: topLevel },
  { file: "src/staff/deep/from-run.ts", code: `export { it } from "../../run.ts";`, rule: topLevel },
  { file: "src/db/from-compose.ts", code: `export type { It } from "../compose.ts";`, rule: topLevel },
  { file: "src/vault/from-serve.ts", code: `export const it = import("../serve.ts");`, rule: topLevel },
  { file: "src/shared/from-config.ts", code: `export { it } from "../config.ts";`, rule: restricted },
  { file: "src/cli/from-main.ts", code: `export { it } from "../main.ts";`, rule: restricted },
  { file: "src/cli/from-app.ts", code: `export { it } from "../app.ts";`, rule: restricted },
  { file: "src/app.ts", code: `export { it } from "./cli/it.ts";`, rule: restricted },
  { file: "src/deps.ts", code: `export type { It } from "./checkout/it.ts";`, rule: restricted },
  { file: "src/newsroom.ts", code: `export { it } from "./db/it.ts";`, rule: restricted },
  { file: "src/config.ts", code: `export { it } from "./stripe/it.ts";`, rule: restricted },
  { file: "src/config/part.ts", code: `export { it } from "../db/it.ts";`, rule: restricted },
  { file: "src/newsroom/part.ts", code: `export { it } from "../mail/it.ts";`, rule: restricted },
  { file: "src/widget/from-http.ts", code: `export { it } from "../http/it.ts";`, rule: restricted },
  { file: "src/widget/from-config.ts", code: `export { it } from "../config.ts";`, rule: restricted },

  { file: "src/checkout/express.ts", code: `export { Router } from "express";`, rule: express },
  { file: "src/staff/express.ts", code: `export type { Request } from "express";`, rule: express },
  { file: "src/main.ts", code: `export * from "express";`, rule: express },
  { file: "src/inbox/express-dynamic.ts", code: `export const it = await import("express");`, rule: express },
  { file: "src/donors/express-inside.ts", code: `export { it } from "express/lib/router";`, rule: express },
  { file: "src/checkout/stripe.ts", code: `export { Stripe } from "stripe";`, rule: stripe },
  { file: "src/mirror/stripe.ts", code: `export type { Stripe } from "stripe";`, rule: stripe },
  { file: "src/checkout/stripe.routes.ts", code: `export * from "stripe/cjs/stripe.cjs.node.js";`, rule: stripe },
  { file: "src/ledger/stripe-dynamic.ts", code: `export const it = await import("stripe");`, rule: stripe },
  { file: "src/donations/pg.ts", code: `import { Pool } from "pg";\nexport const it = new Pool();`, rule: pg },
  { file: "src/reports/pg.queries.ts", code: `import pg from "pg";\nexport const it = new pg.Pool();`, rule: pg },
  { file: "src/reports/pg-dynamic.ts", code: `export const it = await import("pg");`, rule: pg },
  { file: "src/reports/d3.ts", code: `export { scaleLinear } from "d3-scale";`, rule: d3 },
  { file: "src/pages/d3.ts", code: `export const it = await import("d3-shape");`, rule: d3 },
  { file: "src/checkout/sql.ts", code: 'import { sql } from "kysely";\nexport const it = sql`select 1`;', rule: sql },
  { file: "src/ledger/sql.ts", code: 'import { sql as q } from "kysely";\nexport const it = q`select 1`;', rule: sql },
  { file: "src/mail/sql.ts", code: 'import * as k from "kysely";\nexport const it = k.sql`select 1`;', rule: sql },
  { file: "src/staff/sql.ts", code: `export { sql } from "kysely";`, rule: sql },
  { file: "src/donors/sql.ts", code: `export * from "kysely";`, rule: sql },
  { file: "src/inbox/sql.ts", code: `export const it = await import("kysely");`, rule: sql },
  ...["selectFrom", "insertInto", "updateTable", "deleteFrom", "mergeInto", "selectNoFrom", "executeQuery"].map(
    (method) => ({
      file: `src/donations/${method}.ts`,
      code: `import type { Kysely } from "kysely";\nexport const it = (db: Kysely<object>) => db.${method}("x" as never);`,
      rule: sql,
    }),
  ),
  { file: "src/inbox/test-code.ts", code: `export { it } from "../../test/support/it.ts";`, rule: testCode },
  { file: "src/inbox/deep/test-code.ts", code: `export const it = import("../../../test/it.ts");`, rule: testCode },

  { file: "src/inbox/env.ts", code: `export const it = process.env.PORT;`, rule: "lint/style/noProcessEnv" },
  { file: "src/main-env.ts", code: `export const { PORT } = process.env;`, rule: "lint/style/noProcessEnv" },
  { file: "src/inbox/env-whole.ts", code: `export const { env } = process;`, rule: "The environment is read" },
  { file: "src/inbox/env-import.ts", code: `export { env } from "node:process";`, rule: "The environment is read" },
  {
    file: "src/inbox/console.ts",
    code: `console.log("hello");\nexport const it = 1;`,
    rule: "lint/suspicious/noConsole",
  },
  { file: "src/inbox/default.ts", code: `export default 1;`, rule: "lint/style/noDefaultExport" },
  {
    file: "src/inbox/dev-dependency.ts",
    code: `export { http } from "msw";`,
    rule: "lint/correctness/noUndeclaredDependencies",
  },
  {
    file: "src/inbox/floating.ts",
    code: "const later = async () => 1;\nexport function it() {\n  later();\n}",
    rule: "lint/nursery/noFloatingPromises",
  },
  {
    file: "src/inbox/misused.ts",
    code: "export const it = () => [1].forEach(async () => {});",
    rule: "lint/nursery/noMisusedPromises",
  },
  {
    file: "src/inbox/exhaustive.ts",
    code: 'type Kind = "a" | "b";\nexport function it(kind: Kind) {\n  switch (kind) {\n    case "a":\n      return 1;\n  }\n}',
    rule: "lint/nursery/useExhaustiveSwitchCases",
  },
  { file: "src/inbox/cycle.ts", code: `export { it } from "./cycle-back.ts";`, rule: "lint/suspicious/noImportCycles" },
  {
    file: "src/inbox/cycle-back.ts",
    code: `export { other as it } from "./cycle.ts";`,
    rule: "lint/suspicious/noImportCycles",
  },
];

const sound = [
  ...soundImports,
  ...features.map((feature) => ({
    file: `src/${feature}/top-level.ts`,
    code: `export type { Config } from "../config.ts";\nexport type { Deps } from "../deps.ts";\nexport { newsroom } from "../newsroom.ts";`,
  })),
  { file: "src/inbox/own.ts", code: `export { it } from "./deep/it.ts";` },
  { file: "src/cli/compose.ts", code: `export { it } from "../compose.ts";` },
  { file: "src/main-parts.ts", code: `export { it } from "./compose.ts";` },
  { file: "src/inbox/deep/config.ts", code: `export { it } from "../../config.ts";` },
  { file: "src/inbox/deep/own.ts", code: `export { it } from "../it.ts";` },
  { file: "src/http/express.ts", code: `export { Router } from "express";` },
  { file: "src/checkout/checkout.routes.ts", code: `export { Router } from "express";` },
  { file: "src/sandbox/stripe/pages.routes.ts", code: `export { Router } from "express";` },
  { file: "src/inbox/expressive.ts", code: `export { it } from "./express.ts";` },
  { file: "src/stripe/client.ts", code: `export { Stripe } from "stripe";` },
  { file: "src/pages/charts/d3.ts", code: `export { scaleLinear } from "d3-scale";` },
  { file: "src/checkout/stripe-types.ts", code: `export type { Stripe } from "../stripe/types.ts";` },
  { file: "src/db/pg.ts", code: `export { Pool } from "pg";` },
  { file: "src/ledger/pg.ts", code: `import type { PoolClient } from "pg";\nexport type It = PoolClient;` },
  { file: "src/checkout/kysely-types.ts", code: `export type { Kysely } from "kysely";` },
  { file: "src/checkout/kysely.ts", code: `import type { Kysely } from "kysely";\nexport type It = Kysely<object>;` },
  {
    file: "src/checkout/checkout.queries.ts",
    code: 'import { type Kysely, sql } from "kysely";\nexport const it = (db: Kysely<object>) => sql`select 1`.execute(db);',
  },
  { file: "src/widget/from-shared.ts", code: `export { it } from "../shared/it.ts";` },
  { file: "src/cli/all-else.ts", code: `export { it } from "../checkout/it.ts";\nconsole.log("hello");` },
  { file: "src/config-reader.ts", code: `export { it } from "./checkout/it.ts";` },
  {
    file: "test/anything.ts",
    code: `export { Stripe } from "stripe";\nexport { sql } from "kysely";\nexport { it } from "../src/inbox/it.ts";`,
  },
  { file: "test/stories/dev-dependency.test.ts", code: `export { http } from "msw";` },
  { file: "src/sandbox/dev-dependency.ts", code: `export { http } from "msw";` },
  { file: "test/environment.ts", code: `export const it = process.env.PORT;` },
  { file: "migrations/0001-first.ts", code: 'import { sql } from "kysely";\nexport const it = sql`select 1`;' },
];

interface Diagnostic {
  readonly category: string;
  readonly message: string;
}

let copy: string;
let saidOf: Map<string, Diagnostic[]>;

beforeAll(async () => {
  copy = await realpath(await mkdtemp(join(tmpdir(), "lint-rules-")));
  await cp(join(root, "config/biome.jsonc"), join(copy, "config/biome.jsonc"));
  await cp(join(root, "config/biome"), join(copy, "config/biome"), { recursive: true });
  await cp(join(root, "package.json"), join(copy, "package.json"));
  await writeFile(join(copy, ".gitignore"), "node_modules/\n");
  for (const { file, code } of [...broken, ...sound]) {
    await mkdir(dirname(join(copy, file)), { recursive: true });
    await writeFile(join(copy, file), `${code}\n`, { flag: "wx" });
  }
  saidOf = await lint(copy);
}, 60_000);

afterAll(() => rm(copy, { recursive: true, force: true }));

async function lint(folder: string): Promise<Map<string, Diagnostic[]>> {
  const biome = join(root, "node_modules/.bin/biome");
  const args = ["lint", "--config-path", "config", "--reporter=github", "--max-diagnostics=none", "."];
  // Biome's exit code is 1 when it has something to say; what it says is on stdout either way.
  const { stdout } = await promisify(execFile)(biome, args, { cwd: folder, maxBuffer: 64 * 1024 * 1024 }).catch(
    (error: unknown) => error as { stdout: string },
  );
  const said = new Map<string, Diagnostic[]>();
  for (const match of stdout.matchAll(/^::(?:error|warning|notice) title=([^,]+),file=([^,]+),.*?::(.*)$/gm)) {
    const [, category = "", file = "", message = ""] = match;
    const path = file.startsWith("/") ? relative(folder, file) : file;
    said.set(path, [...(said.get(path) ?? []), { category, message: decodeURIComponent(message) }]);
  }
  return said;
}

describe("a file that breaks a rule on purpose is refused, for that rule alone", () => {
  test.each(broken)("$file", ({ file, rule }) => {
    const said = saidOf.get(file) ?? [];
    expect(said).not.toEqual([]);
    for (const { category, message } of said) expect(`${category} ${message}`).toContain(rule);
  });
});

test("files that keep the rules are not complained about", () => {
  expect(sound.flatMap(({ file }) => (saidOf.get(file) ?? []).map((said) => ({ file, ...said })))).toEqual([]);
});

test("every folder of src has its floor", async () => {
  const found = await readdir(join(root, "src"), { withFileTypes: true });
  const names = found.filter((entry) => entry.isDirectory()).map((entry) => entry.name);
  expect(names.filter((name) => ![...folders, ...apart].includes(name))).toEqual([]);
});

test("no rule of the house is left unproven", async () => {
  const messages = [...saidOf.values()].flat().map(({ message }) => message);
  const configuration = await readFile(join(root, "config/biome.jsonc"), "utf8");
  const plugins = await Promise.all(
    (await readdir(join(root, "config/biome"))).map((name) => readFile(join(root, "config/biome", name), "utf8")),
  );
  const own = [configuration, ...plugins].flatMap((text) =>
    [...text.matchAll(/"?message"?\s*[:=]\s*"([^"]+)"/g)].map(([, message = ""]) => message),
  );
  expect(own.length).toBeGreaterThanOrEqual(plugins.length + 9);
  expect(own.filter((message) => !messages.includes(message))).toEqual([]);
});
