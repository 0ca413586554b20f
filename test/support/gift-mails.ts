import type { Kysely } from "kysely";
import type { DB } from "../../src/db/schema.ts";

/** Mails as they were caused, in the order of their kind; without what only the sender writes. */
export async function mailsOf(db: Kysely<DB>, donationId?: string) {
  const found = db
    .selectFrom("mails")
    .select(["kind", "cause", "data", "state", "reason", "discreet", "locale", "donation_id"])
    .orderBy("kind")
    .orderBy("cause");
  return await (donationId === undefined ? found : found.where("donation_id", "=", donationId)).execute();
}

/** The kinds of a gift's mails, sorted. */
export async function kindsOf(db: Kysely<DB>, donationId: string): Promise<readonly string[]> {
  return (await mailsOf(db, donationId)).map((mail) => mail.kind);
}
