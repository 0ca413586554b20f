import type { Stripe } from "../stripe/types.ts";
import { charge } from "./charge.ts";
import { checkoutSession } from "./checkout-session.ts";
import { customer } from "./customer.ts";
import { dispute } from "./dispute.ts";
import { earlyFraudWarning } from "./early-fraud-warning.ts";
import { invoice } from "./invoice.ts";
import { invoicePayment } from "./invoice-payment.ts";
import type { MirrorContext, MirrorKind, MirrorKindName, MirrorRow, MirrorTable } from "./kind.ts";
import { paymentIntent } from "./payment-intent.ts";
import { paymentMethod } from "./payment-method.ts";
import { payout } from "./payout.ts";
import { refund } from "./refund.ts";
import { subscription } from "./subscription.ts";

/** A row of any mirror table: its own columns are known to its kind alone. */
export type AnyRow = MirrorRow & Readonly<Record<string, unknown>>;

/** A kind whose object is taken on trust: `object.object` named it. */
export interface AnyKind {
  readonly name: MirrorKindName;
  readonly table: MirrorTable;
  readonly links: readonly string[];
  readonly sealed: readonly string[];
  readonly toRow: (object: unknown, asOf: Date, context: MirrorContext) => AnyRow;
  readonly retrieve: (api: Stripe, id: string) => Promise<Stripe.Response<unknown>>;
}

const ALL: readonly AnyKind[] = [
  erase(customer),
  erase(checkoutSession),
  erase(subscription),
  erase(invoice),
  erase(paymentIntent),
  erase(charge),
  erase(invoicePayment),
  erase(refund),
  erase(dispute),
  erase(payout),
  erase(paymentMethod),
  erase(earlyFraudWarning),
];
const BY_NAME = new Map<string, AnyKind>(ALL.map((kind) => [kind.name, kind]));

/** @returns null when the books need nothing of such objects. `name` is Stripe's own `object`. */
export function mirrorKind(name: string): AnyKind | null {
  return BY_NAME.get(name) ?? null;
}

export function knownKind(name: MirrorKindName): AnyKind {
  const kind = BY_NAME.get(name);
  if (kind === undefined) throw new Error(`There is no mirror of ${name}.`);
  return kind;
}

function erase<Table extends MirrorTable, Source>(kind: MirrorKind<Table, Source>): AnyKind {
  return kind as unknown as AnyKind;
}
