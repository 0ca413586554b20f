import { randomInt } from "node:crypto";
import { inTransaction } from "../../src/db/transaction.ts";
import type { Role } from "../../src/shared/roles.ts";
import { addMember } from "../../src/staff/members.ts";
import { readSession, startSession } from "../../src/staff/session/sessions.ts";
import type { TestApp } from "./app.ts";

const COMMAND_LINE = { kind: "command_line" } as const;

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  readonly location: string;
  /** What stands within <main>, without markup. */
  readonly words: string;
}

/**
 * A browser as far as its cookies go: it keeps what it is sent, sends it back, and follows nothing by itself. Where the app trusts one proxy,
 * each has an address of its own.
 */
export class CookieBrowser {
  readonly url: string;
  readonly cookies = new Map<string, string>();
  readonly address = `10.${randomInt(256)}.${randomInt(256)}.${randomInt(256)}`;

  constructor(app: Pick<TestApp, "url">) {
    this.url = app.url;
  }

  async visit(path: string, init: RequestInit = {}): Promise<Answer> {
    const answer = await fetch(new URL(path, this.url), {
      redirect: "manual",
      ...init,
      headers: {
        accept: "text/html,*/*;q=0.8",
        "x-forwarded-for": this.address,
        ...this.cookieHeader(),
        ...(init.headers as Record<string, string>),
      },
    });
    for (const line of answer.headers.getSetCookie()) this.keep(line);
    const text = await answer.text();
    return {
      status: answer.status,
      headers: answer.headers,
      text,
      location: answer.headers.get("location") ?? "",
      words: wordsOf(text),
    };
  }

  /** As a form on our own page. */
  async post(path: string, fields: Record<string, string> = {}, headers: Record<string, string> = {}): Promise<Answer> {
    const body = new URLSearchParams(fields);
    return await this.visit(path, { method: "POST", body, headers: { origin: new URL(this.url).origin, ...headers } });
  }

  /** Loads a page and posts to another address with the page's token. */
  async postFrom(page: string, path: string, fields: Record<string, string> = {}): Promise<Answer> {
    return await this.post(path, { csrf: csrfIn((await this.visit(page)).text), ...fields });
  }

  private cookieHeader(): Record<string, string> {
    const cookie = [...this.cookies].map(([name, value]) => `${name}=${value}`).join("; ");
    return cookie === "" ? {} : { cookie };
  }

  private keep(line: string): void {
    const [, name = "", value = ""] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
    if (/;\s*Max-Age=0\b/i.test(line)) this.cookies.delete(name);
    else this.cookies.set(name, value);
  }
}

export function csrfIn(page: string): string {
  return /name="csrf" value="([^"]+)"/.exec(page)?.[1] ?? "";
}

function wordsOf(page: string): string {
  return page
    .slice(Math.max(0, page.indexOf("<main")))
    .replace(/<[^>]*>/g, " ")
    .replace(/&#(\d+);/g, (_, code) => String.fromCharCode(Number(code)))
    .replace(/\s+/g, " ");
}

let count = 0;

/** Somebody on the staff. @returns the id and the address */
export async function addStaff(app: Pick<TestApp, "deps">, role: Role, email?: string) {
  count += 1;
  const address = email ?? `${role}.${count}@newsroom.example`;
  const { id } = await addMember(app.deps, COMMAND_LINE, address, role);
  return { id, email: address };
}

/** A browser that is signed in, without the way through the mail. */
export async function signedIn(app: Pick<TestApp, "deps" | "url">, role: Role) {
  const staff = await addStaff(app, role);
  const secret = await inTransaction(app.deps.db, (trx) => startSession(trx, staff.id));
  const browser = new CookieBrowser(app);
  browser.cookies.set("rd_staff", secret);
  const csrf = (await readSession(app.deps.db, secret))?.csrf ?? "";
  return { ...staff, browser, secret, csrf };
}

/** Asks for a link, and takes it from the mail. */
export async function linkFor(
  app: Pick<TestApp, "mails">,
  browser: CookieBrowser,
  email: string,
  next?: string,
): Promise<string> {
  const before = (await app.mails(email)).length;
  await browser.post("/finance/sign-in", { email, ...(next === undefined ? {} : { next }) });
  for (let round = 0; round < 200; round++) {
    const [mail, ...others] = await app.mails(email);
    if (mail !== undefined && others.length === before) {
      const link = mail.links.find((each) => each.includes("/finance/sign-in/"));
      if (link === undefined) throw new Error("The mail has no link to sign in.");
      return link;
    }
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
  throw new Error("No mail came.");
}

export async function auditRows(app: Pick<TestApp, "db">) {
  return await app.db.selectFrom("audit_entries").selectAll().orderBy("id").execute();
}
