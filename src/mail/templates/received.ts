import type { MailData } from "../kinds.ts";
import type { Desk } from "./desk.ts";
import { type Fact, type Letter, type Part, paragraphs, table } from "./letter.ts";
import { aboutAGift, running } from "./running.ts";

/* What arrived: thanks, and a receipt of each payment. */

export function thankYou(desk: Desk, data: MailData["thank_you"]): Letter {
  const { copy, say } = desk;
  const words = copy.kinds.thank_you;
  const amount = desk.money(data.amount, data.currency);
  return {
    ...aboutAGift(desk),
    subject: say(words.subject),
    preheader: say(words.preheader, { amount }),
    heading: words.heading,
    parts: [
      ...paragraphs(say(words.text, { amount })),
      ...table(paid(desk, data), paidOn(desk, data), recipient(desk)),
      ...paragraphs(words.after),
    ],
  };
}

export function recurringStarted(desk: Desk, data: MailData["recurring_started"]): Letter {
  const { copy, say } = desk;
  const words = copy.kinds.recurring_started;
  const amount = desk.each(desk.money(data.amount, data.currency), data.frequency);
  return {
    ...aboutAGift(desk),
    subject: say(words.subject),
    preheader: words.preheader,
    heading: words.heading,
    parts: [
      ...paragraphs(say(words.text, { amount })),
      ...table(paid(desk, data), paidOn(desk, data), nextOn(desk, data), recipient(desk)),
      ...paragraphs(words.after),
      ...running(desk),
    ],
  };
}

export function renewalReceipt(desk: Desk, data: MailData["renewal_receipt"]): Letter {
  const { copy, say } = desk;
  const words = copy.kinds.renewal_receipt;
  const installment: Fact = [copy.facts.installment, desk.count(data.installment)];
  return {
    ...aboutAGift(desk),
    subject: say(words.subject),
    preheader: say(words.preheader, { amount: desk.money(data.amount, data.currency) }),
    heading: words.heading,
    parts: [
      ...paragraphs(say(words.text)),
      ...table(paid(desk, data), paidOn(desk, data), installment, nextOn(desk, data), recipient(desk)),
      ...paragraphs(words.after),
      ...running(desk),
    ],
  };
}

/** Once a year, to those who give monthly. */
export function yearlyNote(desk: Desk, data: MailData["yearly_note"]): Letter {
  const { copy, say } = desk;
  const words = copy.kinds.yearly_note;
  const total = desk.exact(data.total, data.currency);
  const facts: readonly Part[] = table(
    [copy.facts.payments, desk.count(data.payments)],
    [copy.facts.total, total],
    [copy.facts.gift, desk.each(desk.exact(data.amount, data.currency), data.frequency)],
    recipient(desk),
  );
  return {
    ...aboutAGift(desk),
    subject: say(words.subject),
    preheader: say(words.preheader, { total }),
    heading: words.heading,
    parts: [
      ...paragraphs(say(words.text, { date: desk.day(data.since) })),
      ...facts,
      ...paragraphs(words.after),
      ...running(desk),
    ],
  };
}

/** `amount` is what goes back; a part of what was paid, or all of it. */
export function refunded(desk: Desk, data: MailData["refunded"]): Letter {
  const { copy, say, links } = desk;
  const words = copy.kinds.refunded;
  const amount = desk.money(data.amount, data.currency);
  const inPart = data.amount < data.of;
  const of = desk.money(data.of, data.currency);
  const back: Fact = [copy.facts.refunded, desk.exact(data.amount, data.currency)];
  const before: Fact = [copy.facts.paid, desk.exact(data.of, data.currency)];
  return {
    ...aboutAGift(desk),
    subject: say(words.subject),
    preheader: say(words.preheader, { amount }),
    heading: words.heading,
    parts: [
      ...paragraphs(inPart ? say(words.part, { amount, of }) : say(words.text, { amount })),
      ...table(back, inPart && before),
      ...paragraphs(words.after),
      ...(links.stop === null ? [] : [...paragraphs(words.goes_on), ...running(desk)]),
    ],
  };
}

interface Payment {
  readonly amount: number;
  readonly currency: string;
}

function paid(desk: Desk, { amount, currency }: Payment): Fact {
  return [desk.copy.facts.amount, desk.exact(amount, currency)];
}

function paidOn(desk: Desk, data: { readonly paid_on: string }): Fact {
  return [desk.copy.facts.paid_on, desk.day(data.paid_on)];
}

function nextOn(desk: Desk, data: { readonly next_on: string | null }): Fact | null {
  return data.next_on === null ? null : [desk.copy.facts.next_payment, desk.day(data.next_on)];
}

function recipient(desk: Desk): Fact {
  return [desk.copy.facts.recipient, desk.newsroom.legal_entity.name];
}
