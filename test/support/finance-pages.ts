import { inTransaction } from "../../src/db/transaction.ts";
import type { Role } from "../../src/shared/roles.ts";
import { addMember } from "../../src/staff/members.ts";
import { startSession } from "../../src/staff/session/sessions.ts";
import type { TestApp } from "./app.ts";

export interface Visitor {
  /** The session's cookie. */
  readonly secret: string;
  /** What the server answers, without following where it leads. */
  get(path: string): Promise<{ readonly status: number; readonly location: string; readonly text: string }>;
}

let visitors = 0;

/** Somebody of this role whose browser is signed in; nobody without one. */
export async function visitor(app: Pick<TestApp, "deps" | "url">, role: Role | null): Promise<Visitor> {
  const secret = role === null ? "" : await session(app, role);
  return {
    secret,
    get: async (path) => {
      const headers = { accept: "text/html", ...(secret === "" ? {} : { cookie: `rd_staff=${secret}` }) };
      const answer = await fetch(app.url + path, { redirect: "manual", headers });
      return { status: answer.status, location: answer.headers.get("location") ?? "", text: await answer.text() };
    },
  };
}

async function session({ deps }: Pick<TestApp, "deps">, role: Role): Promise<string> {
  visitors += 1;
  const { id } = await addMember(deps, { kind: "command_line" }, `${role}.${visitors}@pages.example`, role);
  return await inTransaction(deps.db, (trx) => startSession(trx, id));
}

/** The rows of a page's table as people read them, its head first. */
export function tableOf(page: string, id: string): string[][] {
  const from = page.indexOf(`<caption id="${id}">`);
  if (from < 0) throw new Error(`The page has no table ${id}.`);
  const rows = page.slice(from, page.indexOf("</table>", from)).matchAll(/<tr>(.*?)<\/tr>/gs);
  return [...rows].map(([, row = ""]) =>
    [...row.matchAll(/<t[hd][^>]*>(.*?)<\/t[hd]>/gs)].map(([, cell = ""]) => wordsOf(cell)),
  );
}

/** Text without markup, with plain spaces. */
export function wordsOf(html: string): string {
  return html
    .replace(/<[^>]*>/g, "")
    .replace(/&#(\d+);/g, (_, code) => String.fromCharCode(Number(code)))
    .replace(/\s+/g, " ")
    .trim();
}

/** What stands in a page's <main>. */
export function mainOf(page: string): string {
  return wordsOf(page.slice(page.indexOf("<main")));
}
