import type { Stripe } from "../../stripe/types.ts";
import { asOfNow } from "./balance-transactions.ts";
import { parameterError, refusal } from "./errors.ts";
import { list } from "./list.ts";
import type { Kind } from "./store.ts";
import type { World } from "./world.ts";

const MAX_LEVELS = 4;

const KIND_BY_PREFIX: readonly (readonly [string, Kind])[] = [
  ["cus_", "customer"],
  ["pm_", "payment_method"],
  ["cs_", "checkout.session"],
  ["pi_", "payment_intent"],
  ["ch_", "charge"],
  ["py_", "charge"],
  ["txn_", "balance_transaction"],
  ["sub_", "subscription"],
  ["in_", "invoice"],
  ["inpay_", "invoice_payment"],
  ["price_", "price"],
  ["re_", "refund"],
  ["pyr_", "refund"],
  ["du_", "dispute"],
  ["po_", "payout"],
  ["mandate_", "mandate"],
  ["issfr_", "radar.early_fraud_warning"],
  ["bpc_", "billing_portal.configuration"],
];

/** Parts that an object has only when they are asked for, by object and name. */
const ON_REQUEST: Readonly<Record<string, (world: World, object: never) => unknown>> = {
  "checkout.session.line_items": (world, it: Stripe.Checkout.Session) => ({
    object: "list",
    data: world.store.mustGet("checkout_details", it.id).line_items,
    has_more: false,
    url: `/v1/checkout/sessions/${it.id}/line_items`,
  }),
  "invoice.payments": (world, it: Stripe.Invoice) =>
    list(world, "invoice_payment", "/v1/invoices/payments", { limit: 100 }, { link: it.id }),
  "invoice.confirmation_secret": (world, it: Stripe.Invoice) => {
    const [payment] = list(world, "invoice_payment", "", { limit: 1 }, { link: it.id }).data;
    const intent = payment?.payment.payment_intent;
    if (typeof intent !== "string") return null;
    return { client_secret: world.store.mustGet("payment_intent", intent).client_secret, type: "payment_intent" };
  },
  "customer.subscriptions": (world, it: Stripe.Customer) =>
    list(
      world,
      "subscription",
      `/v1/customers/${it.id}/subscriptions`,
      { limit: 10 },
      {
        link: it.id,
        where: (subscription) => subscription.status !== "canceled",
      },
    ),
  "customer.invoice_credit_balance": () => ({}),
  "customer.tax": () => ({
    automatic_tax: "unrecognized_location",
    ip_address: null,
    location: null,
    provider: "stripe",
  }),
  "charge.refunds": (world, it: Stripe.Charge) =>
    list(world, "refund", `/v1/charges/${it.id}/refunds`, { limit: 10 }, { link: it.id }),
};

/** The object with the asked-for links replaced by what they point to; what is stored stays as it is. */
export function expand(world: World, object: unknown, paths: readonly string[] | undefined): unknown {
  let expanded = object;
  for (const path of paths ?? []) {
    const segments = path.split(".");
    const levels = segments[0] === "data" ? segments.length - 1 : segments.length;
    if (levels > MAX_LEVELS) {
      throw parameterError(
        "property_expansion_max_depth",
        "You cannot expand more than 4 levels of a property",
        "expand",
      );
    }
    expanded = walk(world, expanded, segments, path);
  }
  return expanded;
}

function walk(world: World, at: unknown, segments: readonly string[], path: string): unknown {
  if (at === null) return null;
  if (Array.isArray(at)) return at.map((item) => walk(world, item, segments, path));
  if (typeof at === "string") return walk(world, resolve(world, at, path), segments, path);
  if (typeof at !== "object") throw cannot(path);
  const [segment, ...rest] = segments;
  if (segment === undefined) return at;
  const present = Object.hasOwn(at, segment)
    ? (at as Record<string, unknown>)[segment]
    : onRequest(world, at, segment, path);
  return { ...at, [segment]: walk(world, present, rest, path) };
}

function onRequest(world: World, at: object, name: string, path: string): unknown {
  const key = "object" in at ? `${String(at.object)}.${name}` : "";
  const make = Object.hasOwn(ON_REQUEST, key) ? ON_REQUEST[key] : undefined;
  if (make === undefined) throw cannot(path);
  return make(world, at as never);
}

function resolve(world: World, id: string, path: string): object {
  const kind = KIND_BY_PREFIX.find(([prefix]) => id.startsWith(prefix))?.[1];
  // Products may have ids that their owner chose.
  const found = (kind === undefined ? undefined : world.store.get(kind, id)) ?? world.store.get("product", id);
  if (found === undefined) throw cannot(path);
  return kind === "balance_transaction" ? asOfNow(world, found as Stripe.BalanceTransaction) : found;
}

function cannot(path: string) {
  return refusal(
    "property_cannot_be_expanded",
    `This property cannot be expanded (${path}). You may want to try expanding a parent property, or retrieve the object by its id.`,
    "expand",
  );
}
