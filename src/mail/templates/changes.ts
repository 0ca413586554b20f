import type { MailData } from "../kinds.ts";
import type { Desk } from "./desk.ts";
import { button, type Fact, type Letter, paragraphs, table } from "./letter.ts";
import { aboutAGift, running } from "./running.ts";

/* What changes about a regular gift, or is about to. */

export function annualUpcoming(desk: Desk, data: MailData["annual_upcoming"]): Letter {
  const { copy, say } = desk;
  const words = copy.kinds.annual_upcoming;
  const amount = desk.money(data.amount, data.currency);
  const date = desk.day(data.renews_on);
  return {
    ...aboutAGift(desk),
    subject: say(words.subject, { date }),
    preheader: say(words.preheader, { amount }),
    heading: words.heading,
    parts: [...paragraphs(say(words.text, { date, amount }), words.after), ...running(desk)],
  };
}

export function amountChanged(desk: Desk, data: MailData["amount_changed"]): Letter {
  const { copy, say, newsroom } = desk;
  const words = copy.kinds.amount_changed;
  const amount = desk.each(desk.money(data.amount, data.currency), data.frequency);
  const next: Fact | null = data.next_on === null ? null : [copy.facts.next_payment, desk.day(data.next_on)];
  return {
    ...aboutAGift(desk),
    subject: say(words.subject),
    preheader: say(words.preheader, { amount }),
    heading: words.heading,
    parts: [
      ...paragraphs(say(words.text, { amount })),
      ...table(
        [copy.facts.before, desk.each(desk.exact(data.before, data.currency), data.frequency)],
        [copy.facts.now, desk.each(desk.exact(data.amount, data.currency), data.frequency)],
        next,
      ),
      ...paragraphs(say(words.after, { contact_email: newsroom.newsroom.contact_email })),
      ...running(desk),
    ],
  };
}

export function paused(desk: Desk, data: MailData["paused"]): Letter {
  const { copy, say } = desk;
  const words = copy.kinds.paused;
  const amount = desk.each(desk.money(data.amount, data.currency), data.frequency);
  const until = data.resumes_on === null ? words.open : say(words.resumes, { date: desk.day(data.resumes_on) });
  return {
    ...aboutAGift(desk),
    subject: say(words.subject),
    preheader: words.preheader,
    heading: words.heading,
    parts: [...paragraphs(say(words.text, { amount }), until), ...running(desk)],
  };
}

/** Nothing is left to stop: instead there is a way back. */
export function cancelled(desk: Desk, data: MailData["cancelled"]): Letter {
  const { copy, say, links } = desk;
  const words = copy.kinds.cancelled;
  const amount = desk.each(desk.money(data.amount, data.currency), data.frequency);
  const ends = data.ends_on === null ? null : say(words.ends, { date: desk.day(data.ends_on) });
  return {
    ...aboutAGift(desk),
    subject: say(words.subject),
    preheader: words.preheader,
    heading: words.heading,
    parts: [
      ...paragraphs(say(words.by[data.by], { amount }), ends, words.after),
      ...(links.give === null ? [] : [...paragraphs(words.come_back), button(words.button, links.give)]),
    ],
  };
}
