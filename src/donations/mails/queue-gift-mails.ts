import type { Transaction } from "kysely";
import type { DB } from "../../db/schema.ts";
import { queueMails } from "../../mail/queue.queries.ts";
import { giftCauses, type MailTimes, mailOf, type WrittenGift } from "./gift-mails.ts";
import { writtenMails } from "./written.queries.ts";

/** Queues what these gifts call for, in the transaction that has written their books; the donations are locked. */
export async function queueGiftMails(
  trx: Transaction<DB>,
  gifts: readonly WrittenGift[],
  times: MailTimes,
): Promise<void> {
  const called = gifts.map((gift) => ({ gift, causes: giftCauses(gift, times) }));
  const calling = called.filter(({ causes }) => causes.length > 0);
  if (calling.length === 0) return;
  const written = new Set(
    (
      await writtenMails(
        trx,
        calling.map(({ gift }) => gift.graph.id),
      )
    ).map(nameOf),
  );
  await queueMails(
    trx,
    calling.flatMap(({ gift, causes }) =>
      causes.filter((cause) => !written.has(nameOf(cause))).map((cause) => mailOf(gift, cause, times)),
    ),
  );
}

/**
 * What must not be said twice. A confirmation that fails turns "please confirm" into a failure of the same attempt: the reader knows
 * already.
 */
function nameOf({ kind, cause }: { readonly kind: string; readonly cause: string }): string {
  return `${kind === "action_required" ? "payment_failed" : kind}:${cause}`;
}
