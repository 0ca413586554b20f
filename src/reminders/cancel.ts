import { setTimeout as sleep } from "node:timers/promises";
import type { Transaction } from "kysely";
import type { DB } from "../db/schema.ts";
import { inTransaction } from "../db/transaction.ts";
import type { Deps } from "../deps.ts";
import { CANCEL_PATIENCE_MS } from "../shared/limits.ts";
import { lockAddress, noteCancelled, withdrawQuestion } from "./address.queries.ts";
import { lockMails, markCancelled, standingIds, stopMails } from "./cancel.queries.ts";
import type { StoredReminder } from "./find.queries.ts";

const LOOK_EVERY_MS = 100;

/**
 * Ends a reminder, and with it every other of its address: whoever holds a link wants no more of them. No mail begins to go out once this
 * has committed. One that is on its way at that moment is waited for, ten seconds at most, so that the answer tells what became of it.
 */
export async function cancelReminder(deps: Pick<Deps, "db" | "now">, reminder: StoredReminder): Promise<void> {
  const at = deps.now();
  const ids = await inTransaction(deps.db, (trx) => cancelNow(trx, reminder, at));
  const deadline = performance.now() + CANCEL_PATIENCE_MS;
  while ((await inTransaction(deps.db, (trx) => stopMails(trx, ids))) > 0) {
    if (performance.now() > deadline) return;
    await sleep(LOOK_EVERY_MS);
  }
}

async function cancelNow(trx: Transaction<DB>, reminder: StoredReminder, at: Date): Promise<readonly string[]> {
  const hash = reminder.address_hash;
  if (hash === null) {
    await markCancelled(trx, [reminder.id], at);
    return [];
  }
  await lockAddress(trx, hash);
  const ids = await standingIds(trx, reminder);
  await lockMails(trx, ids);
  const cancelled = await markCancelled(trx, ids, at);
  await withdrawQuestion(trx, hash, ids);
  await stopMails(trx, ids);
  // Pressed again, it is the same cancel, and undone as one.
  const same = cancelled === 0 && reminder.state === "cancelled" ? reminder.finished_at : null;
  await noteCancelled(trx, hash, same ?? at);
  return ids;
}
