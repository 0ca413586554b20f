import type { MirrorKindName } from "../../mirror/kind.ts";
import type { Stripe } from "../../stripe/types.ts";

/** An object of Stripe's as a list gives it: `object` says of which kind. */
export interface Listed {
  readonly id: string;
  readonly object: string;
  readonly created?: number;
}

export interface Range {
  readonly created?: { readonly gte: number };
  readonly starting_after?: string;
}

/** One of Stripe's lists, newest first, a hundred a page. */
export interface ObjectList {
  readonly name: string;
  readonly kind: MirrorKindName;
  /** Listed whatever their age: such objects change for years, and there are few of them or one a donor. */
  readonly ofAnyAge: boolean;
  readonly page: (api: Stripe, range: Range) => Promise<Stripe.Response<Stripe.ApiList<Listed>>>;
  /** The object, and those that came along expanded. */
  readonly parts: (object: Listed) => readonly Listed[];
}

const limit = 100;

function list<T extends Listed>(
  name: string,
  kind: MirrorKindName,
  page: (api: Stripe, range: Range & { limit: number }) => Promise<Stripe.Response<Stripe.ApiList<T>>>,
): ObjectList {
  return {
    name,
    kind,
    ofAnyAge: false,
    page: (api, range) => page(api, { ...range, limit }) as Promise<Stripe.Response<Stripe.ApiList<Listed>>>,
    parts: (object) => [object],
  };
}

const subscriptions: ObjectList = {
  ...list("subscriptions", "subscription", (api, range) =>
    api.subscriptions.list({
      ...range,
      status: "all",
      expand: ["data.customer", "data.default_payment_method", "data.latest_invoice"],
    }),
  ),
  ofAnyAge: true,
  parts: (object) => {
    const { customer, default_payment_method, latest_invoice } = object as unknown as Stripe.Subscription;
    const along: readonly unknown[] = [customer, default_payment_method, latest_invoice];
    return [object, ...along.filter(isListed)];
  },
};

const disputes: ObjectList = {
  ...list("disputes", "dispute", (api, range) => api.disputes.list(range)),
  ofAnyAge: true,
};

/** Everything that the mirror is made of; the longest lists come first, so that they don't run on alone in the end. */
export const LISTS: readonly ObjectList[] = [
  list("charges", "charge", (api, range) => api.charges.list(range)),
  list("payment_intents", "payment_intent", (api, range) => api.paymentIntents.list(range)),
  list("checkout_sessions", "checkout.session", (api, range) => api.checkout.sessions.list(range)),
  list("customers", "customer", (api, range) => api.customers.list(range)),
  list("invoices", "invoice", (api, range) => api.invoices.list(range)),
  list("invoice_payments", "invoice_payment", (api, range) => api.invoicePayments.list(range)),
  subscriptions,
  list("refunds", "refund", (api, range) => api.refunds.list(range)),
  disputes,
  list("payouts", "payout", (api, range) => api.payouts.list(range)),
  list("early_fraud_warnings", "radar.early_fraud_warning", (api, range) => api.radar.earlyFraudWarnings.list(range)),
];

function isListed(value: unknown): value is Listed {
  return typeof value === "object" && value !== null && "object" in value && "id" in value;
}

export function rangeOf(list: Pick<ObjectList, "ofAnyAge">, since: Date, after: string | null): Range {
  return {
    ...(list.ofAnyAge ? {} : { created: { gte: Math.floor(+since / 1000) } }),
    ...(after === null ? {} : { starting_after: after }),
  };
}
