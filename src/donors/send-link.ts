import { randomUUID } from "node:crypto";
import { inTransaction } from "../db/transaction.ts";
import type { Deps } from "../deps.ts";
import { MANAGE_LINK_MS } from "../mail/gift-links.ts";
import { mailId, queueMails } from "../mail/queue.queries.ts";
import { emailHash } from "../vault/email-hash.ts";
import { linksThisHour } from "./addresses.queries.ts";
import { giftsOf } from "./gifts.queries.ts";

export type LinkDeps = Pick<Deps, "db" | "vault" | "now" | "newsroom" | "log">;

/** A link is good for an hour, so nobody needs more; whoever asks for another's address can't fill their inbox. */
const LINKS_AN_HOUR = 3;

/** Queues a mail with a link to all gifts of an address, if there are any. @param locale of the page that asked, null if it had none */
export async function sendLink(deps: LinkDeps, email: string, locale: string | null): Promise<void> {
  const hash = emailHash(deps.vault, email);
  const gifts = await giftsOf(deps.db, hash);
  if (gifts.length === 0 || (await linksThisHour(deps.db, hash)) >= LINKS_AN_HOUR) return;
  const cause = randomUUID();
  const toSealed = deps.vault.seal(email, `mails.to_sealed:${mailId("manage_link", cause)}`);
  const expiresAt = new Date(Date.now() + MANAGE_LINK_MS);
  await inTransaction(deps.db, (trx) =>
    queueMails(trx, [
      {
        kind: "manage_link",
        cause,
        data: { expires_at: expiresAt.toISOString(), until: new Date(+deps.now() + MANAGE_LINK_MS).toISOString() },
        locale: locale ?? gifts[0]?.locale ?? null,
        discreet: gifts.some((gift) => gift.discreet) || deps.newsroom().mail.discreet,
        toSealed,
        toHash: hash,
      },
    ]),
  );
}
