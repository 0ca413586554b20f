import { inTransaction } from "../db/transaction.ts";
import type { Deps } from "../deps.ts";
import { MAIL_LEASE_MS } from "../shared/limits.ts";
import { strandedMails } from "./recover.queries.ts";
import { addMailJobs } from "./send.queries.ts";
import { isHeld } from "./send.ts";

const BATCH = 500;

/** Gives mails whose worker died, or whose job was lost for whatever reason, a new job. @returns how many were looked at */
export async function recoverMails(
  deps: Pick<Deps, "db" | "newsroom" | "mail" | "log">,
  leaseMs = MAIL_LEASE_MS,
): Promise<number> {
  if (isHeld(deps)) return 0;
  const { looked, stranded } = await inTransaction(deps.db, async (trx) => {
    const found = await strandedMails(trx, { limit: BATCH, leaseMs });
    await addMailJobs(trx, found.stranded);
    return found;
  });
  if (stranded.length > 0)
    deps.log.warn({ mails: stranded.length }, "mails had lost their worker; they are taken up again");
  return looked;
}
