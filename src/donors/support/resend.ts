import type { Actor } from "../../audit/record.queries.ts";
import { recordAudit } from "../../audit/record.queries.ts";
import { inTransaction } from "../../db/transaction.ts";
import type { Deps } from "../../deps.ts";
import { MANAGE_LINK_MS } from "../../mail/gift-links.ts";
import type { MailKind } from "../../mail/kinds.ts";
import { mailId, type NewMail, queueMails } from "../../mail/queue.queries.ts";
import { emailHash } from "../../vault/email-hash.ts";
import { findMail } from "./donor.queries.ts";
import { type Donor, openNames } from "./donor.ts";

type ResendDeps = Pick<Deps, "db" | "vault" | "newsroom" | "now">;

/** What still says something true when it comes a second time. */
const REPEATABLE: ReadonlySet<MailKind> = new Set([
  "thank_you",
  "recurring_started",
  "renewal_receipt",
  "yearly_note",
  "refunded",
  "cancelled",
]);

export function isRepeatable(kind: MailKind): boolean {
  return REPEATABLE.has(kind);
}

/** Sends the link to all gifts of the donor's address once more; once for each `request`. @returns false for a donor without an address */
export async function resendLink(deps: ResendDeps, actor: Actor, donor: Donor, request: string): Promise<boolean> {
  const [address] = openNames(deps.vault, donor).addresses;
  if (address === undefined) return false;
  await queue(deps, actor, donor.id, {
    kind: "manage_link",
    cause: request,
    data: {
      expires_at: new Date(Date.now() + MANAGE_LINK_MS).toISOString(),
      until: new Date(+deps.now() + MANAGE_LINK_MS).toISOString(),
    },
    locale: donor.gifts[0]?.locale ?? null,
    discreet: donor.gifts.some((gift) => gift.discreet) || deps.newsroom().mail.discreet,
    toSealed: deps.vault.seal(address, `mails.to_sealed:${mailId("manage_link", request)}`),
    toHash: emailHash(deps.vault, address),
  });
  return true;
}

/**
 * Sends a mail about one of the donor's gifts once more, to the address that the donor has now; once for each `request`.
 * @returns false when it isn't the donor's, or is of a kind that isn't sent twice
 */
export async function resendMail(
  deps: ResendDeps,
  actor: Actor,
  donor: Donor,
  { mail, request }: { readonly mail: string; readonly request: string },
): Promise<boolean> {
  const found = await findMail(deps.db, mail);
  if (found === null || !isRepeatable(found.kind) || !donor.gifts.some(({ id }) => id === found.donation_id))
    return false;
  const { kind, data, donation_id, locale, discreet } = found;
  const again = { kind, cause: `again:${request}`, data, donationId: donation_id, locale, discreet } as NewMail;
  await queue(deps, actor, donation_id, again);
  return true;
}

/** The mails that a request may have caused. */
export function mailsOf(request: string): readonly string[] {
  return [mailId("manage_link", request), ...[...REPEATABLE].map((kind) => mailId(kind, `again:${request}`))];
}

async function queue(deps: ResendDeps, actor: Actor, subject: string, mail: NewMail): Promise<void> {
  await inTransaction(deps.db, async (trx) => {
    const [queued] = await queueMails(trx, [mail]);
    if (queued === undefined) return;
    await recordAudit(trx, { actor, action: "mail_resent", subject, detail: { kind: mail.kind, mail_id: queued } });
  });
}
