import type { Deps } from "../deps.ts";
import { readToken } from "../mail/links.ts";
import { AppError } from "../shared/errors.ts";
import { isTimeZone } from "../shared/period.ts";
import { dueInstant } from "./due-date.ts";
import { findReminder, type StoredReminder } from "./find.queries.ts";

/** What the holder of a link may know. */
export interface ReminderView {
  readonly due_on: string;
  readonly state: "pending" | "cancelled" | "done";
  /** On the site: whether to ask now. */
  readonly due: boolean;
}

export interface Found {
  readonly reminder: StoredReminder;
  /** By the link of the mail that asks to confirm, which nobody has but who reads that mail. */
  readonly mayConfirm: boolean;
}

/**
 * Anybody can ask for a reminder in another's name and hold its link. So it tells nothing that depends on the address: whether it has to
 * confirm, was asked for again, has given meanwhile or can't be reached.
 */
export function viewOf(deps: Pick<Deps, "now" | "newsroom">, reminder: StoredReminder): ReminderView {
  const { due_on, channel, state } = reminder;
  if (state === "cancelled") return { due_on, state: "cancelled", due: false };
  const isPast = !isAhead(deps, reminder);
  if (channel === "email") return { due_on, state: isPast ? "done" : "pending", due: false };
  const isOpen = state === "pending" && !reminder.answered;
  return { due_on, state: isOpen ? "pending" : "done", due: isOpen && isPast };
}

/** Whether its day is still ahead: a cancel can be undone until then. */
export function isAhead(deps: Pick<Deps, "now" | "newsroom">, reminder: StoredReminder): boolean {
  const { due_on, due_at, channel, time_zone } = reminder;
  const dueAt = isTimeZone(time_zone) ? dueInstant(deps.newsroom(), channel, due_on, time_zone) : due_at;
  return dueAt > deps.now();
}

/** @throws AppError `not_found`, for what is no token as for one that isn't ours */
export async function findByToken(
  deps: Pick<Deps, "db" | "vault">,
  token: string | string[] | undefined,
): Promise<Found> {
  const text = typeof token === "string" ? token : "";
  const plain = readToken(deps.vault, "reminder", text);
  const id = plain ?? readToken(deps.vault, "confirm-reminder", text);
  const reminder = id === null ? undefined : await findReminder(deps.db, id);
  if (reminder === undefined)
    throw new AppError("not_found", "not_found", "There is no reminder with this link. Ask for a new one.");
  return { reminder, mayConfirm: plain === null };
}
