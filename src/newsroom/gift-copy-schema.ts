import { z } from "zod";
import { text } from "./copy-text.ts";

/** The pages on which readers see, stop and mend their gifts, and turn mails off. */
export const gift = z.strictObject({
  stop: z.strictObject({
    heading: text(),
    text: text("amount", "newsroom"),
    button: text(),
    done_heading: text(),
    done_text: text("newsroom"),
    /** Where a bank debit had begun before. */
    on_its_way: text(),
    again: text(),
    over_heading: text(),
    over_text: text(),
    unavailable: text(),
  }),
  fix: z.strictObject({
    heading: text(),
    text: text("amount", "newsroom"),
    button: text(),
    /** After another card was given; whether it was, Stripe knows. */
    done_heading: text(),
    done_text: text("amount", "newsroom"),
    over_text: text(),
    unavailable: text(),
  }),
  my_gift: z.strictObject({
    heading: text(),
    text: text(),
    email_label: text(),
    button: text(),
    sent_heading: text(),
    sent_text: text(),
    sent_hint: text(),
  }),
  list: z.strictObject({
    heading: text(),
    text: text(),
    none: text(),
    since: text("date"),
    given: text("date"),
    state: z.strictObject({
      running: text(),
      failing: text(),
      paused: text(),
      ending: text("date"),
      over: text(),
      processing: text(),
      paid: text(),
    }),
    last_payment: text("amount", "date"),
    next_payment: text("date"),
    stop: text(),
    card: text(),
    more: text(),
  }),
  mail_off: z.strictObject({
    heading: text(),
    text: text(),
    button: text(),
    done_heading: text(),
    done_text: text(),
  }),
  expired: z.strictObject({ heading: text(), text: text(), new_link: text() }),
});
