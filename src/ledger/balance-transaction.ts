import type { Insertable } from "kysely";
import type { DB } from "../db/schema.ts";
import { idOf, instant } from "../mirror/kind.ts";
import { fromStripeCurrency } from "../shared/money.ts";
import type { Stripe } from "../stripe/types.ts";

export type BalanceTransactionRow = Insertable<DB["balance_transactions"]>;

/**
 * What the books need of a balance transaction. Types and categories are kept whatever they say: Stripe adds some now and then.
 * Its description is left out, since it can name a person.
 */
export function balanceTransactionRow(object: Stripe.BalanceTransaction): BalanceTransactionRow {
  return {
    id: object.id,
    created: instant(object.created),
    available_on: instant(object.available_on),
    type: object.type,
    reporting_category: object.reporting_category,
    source_id: idOf(object.source),
    currency: fromStripeCurrency(object.currency),
    amount: object.amount,
    fee: object.fee,
    net: object.net,
    fee_details: JSON.stringify(
      object.fee_details.map(({ type, amount, currency }) => ({
        type,
        amount,
        currency: fromStripeCurrency(currency),
      })),
    ),
    // The shortest decimal that is this number, so that numeric holds the digits that Stripe wrote.
    exchange_rate: object.exchange_rate === null ? null : String(object.exchange_rate),
  };
}
