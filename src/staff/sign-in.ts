import { randomUUID } from "node:crypto";
import { recordAudit } from "../audit/record.queries.ts";
import { inTransaction } from "../db/transaction.ts";
import type { Deps } from "../deps.ts";
import { readToken } from "../mail/links.ts";
import { mailId, queueMails } from "../mail/queue.queries.ts";
import { SIGN_IN_LINKS_AN_HOUR } from "../shared/limits.ts";
import { emailHash } from "../vault/email-hash.ts";
import { findActive } from "./members.queries.ts";
import { hashOf, startSession } from "./session/sessions.ts";
import { findSignIn, insertSignIn, linksOfLastHour, type SignInRow, takeSignIn } from "./sign-in.queries.ts";

interface Asked {
  readonly email: string;
  /** What the cookie of the browser holds that asks. */
  readonly browser: string;
  /** One of our own pages. */
  readonly returnTo: string;
  readonly locale: string;
}

/**
 * Queues a mail with a link to sign in, if the address is a member's. It goes to the address on file: what was typed may only look like it,
 * or be folded into it.
 */
export async function mailSignInLink(deps: Pick<Deps, "db" | "vault">, asked: Asked): Promise<void> {
  const member = await findActive(deps.db, emailHash(deps.vault, asked.email));
  if (member === null || (await linksOfLastHour(deps.db, member.id)) >= SIGN_IN_LINKS_AN_HOUR) return;
  const cause = randomUUID();
  const id = mailId("staff_sign_in", cause);
  const address = deps.vault.open(member.address_sealed, `staff_members.address_sealed:${member.id}`);
  const link = { id, staffId: member.id, browserHash: hashOf(asked.browser), returnTo: asked.returnTo };
  await inTransaction(deps.db, async (trx) => {
    const expiresAt = await insertSignIn(trx, link);
    await queueMails(trx, [
      {
        kind: "staff_sign_in",
        cause,
        data: { expires_at: expiresAt.toISOString() },
        locale: asked.locale,
        toSealed: deps.vault.seal(address, `mails.to_sealed:${id}`),
        toHash: emailHash(deps.vault, address),
      },
    ]);
  });
}

export type LinkState =
  | { readonly is: "good"; readonly row: SignInRow }
  /** Not ours, or of somebody who is gone, or forgotten. */
  | { readonly is: "unknown" | "used" | "expired" | "other_browser" };

/** Looks at a link, and changes nothing. @param browser what the cookie holds */
export async function linkState(
  deps: Pick<Deps, "db" | "vault">,
  token: string,
  browser: string | null,
): Promise<LinkState> {
  const id = readToken(deps.vault, "staff-sign-in", token);
  const row = id === null ? null : await findSignIn(deps.db, id);
  if (row === null) return { is: "unknown" };
  if (row.used) return { is: "used" };
  if (row.expired) return { is: "expired" };
  if (browser === null || !hashOf(browser).equals(row.browser_hash)) return { is: "other_browser" };
  return { is: "good", row };
}

/** Uses a good link up. @returns the secret of the new session; null when it has been used up, or has run out, a moment ago */
export async function signIn(deps: Pick<Deps, "db">, { id, staff_id, role }: SignInRow): Promise<string | null> {
  return await inTransaction(deps.db, async (trx) => {
    if (!(await takeSignIn(trx, id))) return null;
    await recordAudit(trx, { actor: { kind: "staff", id: staff_id, role }, action: "sign_in", subject: staff_id });
    return await startSession(trx, staff_id);
  });
}
