import type { MailData } from "../kinds.ts";
import { type Desk, needed } from "./desk.ts";
import { button, type Fact, type Letter, link, type Part, paragraphs, table } from "./letter.ts";
import { aboutAGift, running } from "./running.ts";

/* Where a reader is asked to do something about a payment, and what becomes of the gift if not. */

export function paymentFailed(desk: Desk, data: MailData["payment_failed"]): Letter {
  const { copy, say, links } = desk;
  const words = copy.kinds.payment_failed;
  const amount = desk.money(data.amount, data.currency);
  const next =
    data.next_try_on === null ? words.no_next_try : say(words.next_try, { date: desk.day(data.next_try_on) });
  return {
    ...aboutAGift(desk),
    subject: say(words.subject),
    preheader: words.preheader,
    heading: words.heading,
    parts: [
      ...paragraphs(say(words.text, { amount }), `${say(copy.reasons[data.reason])} ${next}`),
      ...wayOut(desk),
      ...paragraphs(ifNothing(desk, data)),
      ...link(copy.stop.text, copy.stop.link, links.stop),
      ...link(null, copy.manage, links.manage),
    ],
  };
}

function wayOut({ copy, links }: Desk): readonly Part[] {
  const words = copy.kinds.payment_failed;
  if (links.fix !== null) return [...paragraphs(words.fix), button(words.button, links.fix)];
  return links.give === null ? [] : [button(words.try_again, links.give)];
}

function ifNothing({ copy }: Desk, { frequency, next_try_on }: MailData["payment_failed"]): string {
  const words = copy.kinds.payment_failed;
  if (frequency === "once") return words.nothing_once;
  return next_try_on === null ? words.nothing_ended : words.nothing;
}

export function actionRequired(desk: Desk, data: MailData["action_required"]): Letter {
  const { copy, say, links } = desk;
  const words = copy.kinds.action_required;
  return {
    ...aboutAGift(desk),
    subject: say(words.subject),
    preheader: words.preheader,
    heading: words.heading,
    parts: [
      ...paragraphs(say(words.text, { amount: desk.money(data.amount, data.currency) })),
      button(words.button, needed(links, "fix")),
      ...paragraphs(data.frequency === "once" ? words.nothing_once : words.nothing),
      ...running(desk),
    ],
  };
}

export function cardExpiring(desk: Desk, data: MailData["card_expiring"]): Letter {
  const { copy, say, links } = desk;
  const words = copy.kinds.card_expiring;
  const next: Fact | null = data.next_on === null ? null : [copy.facts.next_payment, desk.day(data.next_on)];
  return {
    ...aboutAGift(desk),
    subject: say(words.subject),
    preheader: words.preheader,
    heading: words.heading,
    parts: [
      ...paragraphs(say(words.text)),
      ...table(
        [copy.facts.valid_until, desk.month(data.expires)],
        [copy.facts.gift, desk.each(desk.exact(data.amount, data.currency), data.frequency)],
        next,
      ),
      ...paragraphs(words.fix),
      button(words.button, needed(links, "fix")),
      ...paragraphs(words.nothing),
      ...running(desk),
    ],
  };
}
