import type { Transaction } from "kysely";
import type { DB } from "../db/schema.ts";
import { inTransaction } from "../db/transaction.ts";
import type { Deps } from "../deps.ts";
import { copyFor } from "../newsroom.ts";
import { AppError } from "../shared/errors.ts";
import { askToConfirm, confirmAddress, forgetCancelled, lockAddress } from "./address.queries.ts";
import type { StoredReminder } from "./find.queries.ts";
import { restoreCancelled } from "./restore.queries.ts";
import { isAhead } from "./view.ts";

type RestoreDeps = Pick<Deps, "db" | "now" | "newsroom">;

/**
 * Undoes a cancel while the date is still ahead; does nothing to a reminder that stands.
 * @throws AppError `date_out_of_range` afterwards
 */
export async function restoreReminder(deps: RestoreDeps, reminder: StoredReminder): Promise<void> {
  const now = deps.now();
  if (!isAhead(deps, reminder)) {
    const message = copyFor(deps.newsroom(), reminder.locale).errors.date_out_of_range;
    throw new AppError("unprocessable", "date_out_of_range", message);
  }
  if (reminder.state === "cancelled") await inTransaction(deps.db, (trx) => restore(trx, reminder, now));
}

async function restore(trx: Transaction<DB>, reminder: StoredReminder, now: Date): Promise<void> {
  const { address_hash: hash, finished_at: cancelledAt } = reminder;
  if (hash !== null) await lockAddress(trx, hash);
  const restored = await restoreCancelled(trx, reminder, now);
  if (hash === null || cancelledAt === null) return;
  // An address that had to confirm before still has to.
  if (restored.some((each) => each.state === "pending")) await forgetCancelled(trx, hash, cancelledAt);
  for (const { id, state, due_on: dueOn, locale } of restored) {
    if (state === "unconfirmed")
      await askToConfirm(trx, { reminderId: id, hash, dueOn, locale, cause: `${id}:${+now}` });
  }
}

/** Whoever reads the address's mail wants reminders: those that wait for this word are due on their day. */
export async function confirmReminder(deps: Pick<Deps, "db" | "now">, reminder: StoredReminder): Promise<void> {
  const hash = reminder.address_hash;
  if (hash === null) return;
  await inTransaction(deps.db, async (trx) => {
    await lockAddress(trx, hash);
    await confirmAddress(trx, hash, deps.now());
  });
}
