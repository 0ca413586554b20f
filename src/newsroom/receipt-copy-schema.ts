import { z } from "zod";
import { text } from "./copy-text.ts";

/** What stands on confirmations of gifts and on a year's statement. They claim nothing about taxes. */
export const receiptCopy = z.strictObject({
  heading: text(),
  number: text(),
  issued: text(),
  from: text(),
  /** Where the name may not be shown or isn't known. */
  donor: text("id"),
  gift: text(),
  received: text(),
  amount: text(),
  reference: text(),
  confirms: text("legal_entity"),
  no_tax: text(),
  tax_number: text(),
  duplicate: text(),
  void: text(),
  void_refunded: text("date"),
  void_disputed: text("date"),
  /** In the place of `confirms`. */
  void_confirms: text("received", "back"),
  void_withdrawn: text(),
  given_back: text("amount"),
  held: text("amount"),
  statement: z.strictObject({
    heading: text("year"),
    intro: text(),
    none: text("year"),
    date: text(),
    receipt: text(),
    gift: text(),
    refund: text(),
    refund_returned: text(),
    dispute: text(),
    dispute_returned: text(),
    gifts: text(),
    back: text(),
    sum: text(),
  }),
});
