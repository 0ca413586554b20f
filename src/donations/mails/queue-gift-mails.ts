import type { Transaction } from "kysely";
import type { DB } from "../../db/schema.ts";
import { type NewMail, queueMails } from "../../mail/queue.queries.ts";
import type { Derived } from "../derive.ts";
import type { DonationGraph } from "../types.ts";
import { giftMails, type MailTimes } from "./gift-mails.ts";
import { toldOfAttempts } from "./told.queries.ts";

/** Queues what these gifts call for, in the transaction that has written their books; the donations are locked. */
export async function queueGiftMails(
  trx: Transaction<DB>,
  gifts: readonly { readonly graph: DonationGraph; readonly derived: Derived }[],
  times: MailTimes,
): Promise<void> {
  const mails = gifts.flatMap(({ graph, derived }) => giftMails(graph, derived, times));
  const attempts = mails.filter(isOfAttempt);
  const told = await toldOfAttempts(
    trx,
    attempts.map((mail) => mail.cause),
  );
  await queueMails(
    trx,
    mails.filter((mail) => !(isOfAttempt(mail) && told.has(mail.cause))),
  );
}

/** A confirmation that fails turns "please confirm" into a failure of the same attempt: the reader knows already. */
function isOfAttempt(mail: NewMail): boolean {
  return mail.kind === "payment_failed" || mail.kind === "action_required";
}
