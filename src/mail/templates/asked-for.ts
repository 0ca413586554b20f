import type { MailData } from "../kinds.ts";
import { type Desk, needed } from "./desk.ts";
import { button, type Letter, paragraphs, table } from "./letter.ts";

/* What somebody asked for on a page with no more than an address. */

export function reminder(desk: Desk, data: MailData["reminder"]): Letter {
  const { copy, say, links } = desk;
  const words = copy.kinds.reminder;
  const amount = thoughtOf(desk, data);
  const choice = amount ?? (data.frequency === null ? null : desk.form.frequency[data.frequency]);
  return {
    why: say(copy.why.reminder),
    unsubscribe: copy.unsubscribe.reminder,
    subject: say(words.subject),
    preheader: words.preheader,
    heading: words.heading,
    parts: [
      ...paragraphs(say(words.text, { date: desk.day(data.asked_on) })),
      ...table(choice !== null && [copy.facts.choice, choice]),
      button(amount === null ? words.button : say(words.button_amount, { amount }), needed(links, "give")),
      ...paragraphs(words.after),
    ],
  };
}

/** The amount that the reader had chosen when asking, with how often if that was chosen too. */
function thoughtOf(desk: Desk, { amount, currency, frequency }: MailData["reminder"]): string | null {
  if (amount === null || currency === null) return null;
  const money = desk.money(amount, currency);
  return frequency === null ? money : desk.choice(money, frequency);
}

export function reminderConfirm(desk: Desk, data: MailData["reminder_confirm"]): Letter {
  const { copy, say, links } = desk;
  const words = copy.kinds.reminder_confirm;
  return {
    why: say(copy.why.confirm),
    unsubscribe: copy.unsubscribe.confirm,
    subject: say(words.subject),
    preheader: words.preheader,
    heading: words.heading,
    parts: [
      ...paragraphs(say(words.text, { date: desk.day(data.due_on) })),
      button(words.button, needed(links, "confirm")),
      ...paragraphs(words.after),
    ],
  };
}

export function manageLink(desk: Desk, data: MailData["manage_link"]): Letter {
  const { copy, say, links } = desk;
  const words = copy.kinds.manage_link;
  const time = desk.time(data.until ?? data.expires_at);
  return {
    why: say(copy.why.link),
    unsubscribe: copy.unsubscribe.gift,
    subject: say(words.subject),
    preheader: say(words.preheader, { time }),
    heading: words.heading,
    parts: [
      ...paragraphs(say(words.text)),
      button(words.button, needed(links, "manage")),
      ...paragraphs(say(words.expires, { time }), words.after),
    ],
  };
}

/** For staff, not for readers. */
export function staffSignIn(desk: Desk, data: MailData["staff_sign_in"]): Letter {
  const { copy, say, links } = desk;
  const words = copy.kinds.staff_sign_in;
  const time = desk.time(data.expires_at);
  return {
    why: say(copy.why.staff),
    unsubscribe: copy.unsubscribe.gift,
    subject: say(words.subject),
    preheader: say(words.preheader, { time }),
    heading: words.heading,
    parts: [
      ...paragraphs(say(words.text)),
      button(words.button, needed(links, "confirm")),
      ...paragraphs(say(words.expires, { time }), words.after),
    ],
  };
}
