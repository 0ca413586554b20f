import { setTimeout as sleep } from "node:timers/promises";
import type { Transaction } from "kysely";
import { v7 } from "uuid";
import type { DB } from "../db/schema.ts";
import { inTransaction } from "../db/transaction.ts";
import type { Deps } from "../deps.ts";
import { CANCEL_PATIENCE_MS } from "../shared/limits.ts";
import { lockAddress, noteCancelled, noteRefused, withdrawQuestion } from "./address.queries.ts";
import {
  cancelForAsker,
  isCancelledByAsker,
  lockMails,
  markCancelled,
  standingIds,
  stopMails,
} from "./cancel.queries.ts";
import type { Found } from "./view.ts";

const LOOK_EVERY_MS = 100;

/**
 * Ends a reminder, and with it every other of its address: whoever holds a link wants no more of them. By the link of the mail that asks to
 * confirm, it is a no that lasts. No mail begins to go out once this has committed. One that is on its way at that moment is waited for, ten
 * seconds at most, so that the answer tells what became of it.
 */
export async function cancelReminder(deps: Pick<Deps, "db" | "now">, found: Found): Promise<void> {
  const at = deps.now();
  const ids = await inTransaction(deps.db, (trx) => cancelNow(trx, found, at));
  const deadline = performance.now() + CANCEL_PATIENCE_MS;
  while ((await inTransaction(deps.db, (trx) => stopMails(trx, ids))) > 0) {
    if (performance.now() > deadline) return;
    await sleep(LOOK_EVERY_MS);
  }
}

async function cancelNow(trx: Transaction<DB>, { reminder, by }: Found, at: Date): Promise<readonly string[]> {
  const { id, address_hash: hash } = reminder;
  const cancel = { id, by: by === "asker" ? "own" : "mail", at, cancelId: v7() } as const;
  if (hash === null) {
    await markCancelled(trx, [id], cancel);
    return [];
  }
  await lockAddress(trx, hash);
  const ids = await standingIds(trx, reminder);
  await lockMails(trx, ids);
  const before = by === "asker" && (await isCancelledByAsker(trx, id));
  const cancelled = await markCancelled(trx, ids, cancel);
  if (by === "asker") await cancelForAsker(trx, cancel);
  await withdrawQuestion(trx, hash, ids);
  await stopMails(trx, ids);
  // Pressed again, it is the same cancel, and undone as one.
  if (cancelled > 0 || !before) await noteCancelled(trx, hash, cancel);
  if (by === "confirm") await noteRefused(trx, hash);
  return ids;
}
