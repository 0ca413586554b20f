import type { Transaction } from "kysely";
import type { DB } from "../db/schema.ts";
import { inTransaction } from "../db/transaction.ts";
import type { Deps } from "../deps.ts";
import { copyFor } from "../newsroom.ts";
import { AppError } from "../shared/errors.ts";
import { askToConfirm, confirmAddress, lockAddress } from "./address.queries.ts";
import { isOwnLastWord, restoreCancelled } from "./restore.queries.ts";
import { type Found, isAhead } from "./view.ts";

type RestoreDeps = Pick<Deps, "db" | "now" | "newsroom">;

/**
 * Undoes a cancel while the date is still ahead; does nothing to a reminder that stands. By the link of a mail it is a yes to reminders. Whoever
 * holds only the asker's link brings back what they cancelled themselves, if nobody has turned reminders away since; anything else has to be
 * confirmed first, as a new request would.
 * @throws AppError `date_out_of_range` afterwards
 */
export async function restoreReminder(deps: RestoreDeps, found: Found): Promise<void> {
  const { reminder } = found;
  const now = deps.now();
  if (!isAhead(deps, reminder)) {
    const message = copyFor(deps.newsroom(), reminder.locale).errors.date_out_of_range;
    throw new AppError("unprocessable", "date_out_of_range", message);
  }
  if (reminder.state === "cancelled") await inTransaction(deps.db, (trx) => restore(trx, found, now));
}

async function restore(trx: Transaction<DB>, { reminder, by }: Found, now: Date): Promise<void> {
  const { id, address_hash: hash } = reminder;
  if (hash !== null) await lockAddress(trx, hash);
  const isMailed = by !== "asker";
  const restored = await restoreCancelled(trx, reminder, now, isMailed || (await isOwnLastWord(trx, id)));
  if (hash === null) return;
  if (isMailed) {
    await confirmAddress(trx, hash, now);
    return;
  }
  for (const { id, state, due_on: dueOn, locale, discreet } of restored) {
    if (state === "unconfirmed")
      await askToConfirm(trx, { reminderId: id, hash, dueOn, locale, discreet, cause: `${id}:${+now}` });
  }
}

/** Whoever reads the address's mail wants reminders: those that wait for this word are due on their day. */
export async function confirmReminder(deps: Pick<Deps, "db" | "now">, { reminder, by }: Found): Promise<void> {
  const hash = reminder.address_hash;
  if (hash === null || by === "asker") return;
  await inTransaction(deps.db, async (trx) => {
    await lockAddress(trx, hash);
    await confirmAddress(trx, hash, deps.now());
  });
}
