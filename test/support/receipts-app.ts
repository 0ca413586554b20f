import { type Kysely, sql } from "kysely";
import type { DB } from "../../src/db/schema.ts";
import { issueReceipts } from "../../src/reports/receipts/issue.ts";
import type { Role } from "../../src/shared/roles.ts";
import type { TestApp } from "./app.ts";

/** Numbers everything that is settled by now. @returns how many */
export async function issueAll(app: Pick<TestApp, "deps">): Promise<number> {
  const issued = await issueReceipts(app.deps, { start: new Date(0), end: new Date("2040-01-01") });
  return issued.reduce((sum, each) => sum + each.count, 0);
}

export async function receiptNumbers(db: Kysely<DB>): Promise<readonly string[]> {
  const { rows } = await sql<{ number: string }>`select number from receipts order by series, year, serial`.execute(db);
  return rows.map((row) => row.number);
}

/** A page as staff of a role see it. */
export async function pageFor(app: Pick<TestApp, "url" | "token">, role: Role, path: string): Promise<Response> {
  return await fetch(app.url + path, { headers: { authorization: `Bearer ${await app.token(role)}` } });
}

/** The words of a page: its markup left out, spaces made one. */
export function wordsOf(page: string): string {
  return page
    .replace(/[\s\S]*<body>/, "")
    .replace(/<[^>]*>/g, " ")
    .replace(/[\s\u202f]+/g, " ")
    .trim();
}
