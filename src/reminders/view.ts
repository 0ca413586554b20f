import type { Deps } from "../deps.ts";
import { type LinkPurpose, readToken } from "../mail/links.ts";
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

/**
 * Whose link it is: that of whoever asked for the reminder, that of the mail that asks to confirm, or that of the reminder's own mail. The
 * last two nobody has but who reads the address's mail.
 */
export type LinkHolder = "asker" | "confirm" | "mail";

export interface Found {
  readonly reminder: StoredReminder;
  readonly by: LinkHolder;
}

/**
 * Anybody can ask for a reminder in another's name and hold its link. So that link tells nothing that depends on the address or on what was done by
 * another link: whether it has to confirm, was asked for again, was cancelled otherwise, has given meanwhile or can't be reached.
 */
export function viewOf(deps: Pick<Deps, "now" | "newsroom">, { reminder, by }: Found): ReminderView {
  const { due_on, channel, state, cancelled_by } = reminder;
  const isPast = !isAhead(deps, reminder);
  if (channel === "on_site") {
    if (state === "cancelled") return { due_on, state: "cancelled", due: false };
    const isOpen = state === "pending" && !reminder.answered;
    return { due_on, state: isOpen ? "pending" : "done", due: isOpen && isPast };
  }
  if (state === "cancelled" && (by !== "asker" || cancelled_by === "own"))
    return { due_on, state: "cancelled", due: false };
  const stands = by === "asker" || STANDING.has(state);
  return { due_on, state: stands && !isPast ? "pending" : "done", due: false };
}

const STANDING: ReadonlySet<string> = new Set(["unconfirmed", "pending", "queued"]);

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
  for (const [by, purpose] of PURPOSES) {
    const id = readToken(deps.vault, purpose, text);
    const reminder = id === null ? undefined : await findReminder(deps.db, id);
    if (reminder !== undefined) return { reminder, by };
  }
  throw new AppError("not_found", "not_found", "There is no reminder with this link. Ask for a new one.");
}

const PURPOSES = [
  ["asker", "reminder"],
  ["mail", "reminder-mail"],
  ["confirm", "confirm-reminder"],
] as const satisfies readonly (readonly [LinkHolder, LinkPurpose])[];
