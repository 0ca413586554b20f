import { z } from "zod";
import { text } from "./copy-text.ts";

/** The page of a reminder, which its links lead to, and what the form of `remind` says beyond asking. */
export const reminderCopy = z.strictObject({
  by_mail: text(),
  by_calendar: text(),
  date_label: text(),
  when_required: text(),
  heading: text(),
  /** What was asked for, not a promise: a later request may have moved it. */
  asked: text("date"),
  latest: text(),
  confirm_note: text(),
  confirm_question: text("date"),
  confirm: text(),
  confirmed: text(),
  cancel: text(),
  cancelled: text(),
  restore: text(),
  restored: text(),
  done: text(),
  /** By the link of a mail, when its own reminder is over: another one of the address may stand. */
  over_here: text(),
  no_more: text(),
  none_more: text(),
  /** By the link of the mail that asks to confirm: a no that lasts. */
  refuse: text(),
  refused: text(),
  give: text("newsroom"),
});
