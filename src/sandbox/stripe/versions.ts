import type { Stripe } from "../../stripe/types.ts";
import { STRIPE_API_VERSION } from "../../stripe/types.ts";
import { list } from "./list.ts";
import { idOf, type World } from "./world.ts";

type Json = Record<string, unknown>;

/** Versions compare by their date. */
const BASIL = "2025-03-31";
const WITHOUT_INCLUDED_LISTS = "2022-11-15";
const HOSTED_PAGE = "2026-01-01";

/**
 * The event as a version before this one renders it: with the fields that the basil versions removed, and without those
 * that they brought. Enough to tell whether a reader depends on them; no full history of the API.
 * https://docs.stripe.com/changelog/basil
 */
export function inVersion(world: World, event: Stripe.EventBase, version: string | null): Stripe.EventBase {
  if (version === null || version === STRIPE_API_VERSION) return event;
  const { object, previous_attributes: previous } = event.data as { object: Json; previous_attributes?: Json };
  return {
    ...event,
    api_version: version,
    data: {
      object: rendered(world, object, version),
      ...(previous === undefined ? {} : { previous_attributes: oldPrevious(object, previous, version) }),
    },
  } as Stripe.EventBase;
}

function rendered(world: World, object: Json, version: string): Json {
  if (object.object === "checkout.session") return version < HOSTED_PAGE ? { ...object, ui_mode: "hosted" } : object;
  if (version >= BASIL) return object;
  switch (object.object) {
    case "invoice":
      return oldInvoice(world, object as unknown as Stripe.Invoice);
    case "subscription":
      return oldSubscription(object as unknown as Stripe.Subscription);
    case "charge":
      return oldCharge(world, object as unknown as Stripe.Charge, version);
    case "payment_intent":
      return oldIntent(world, object as unknown as Stripe.PaymentIntent, version);
    case "dispute":
      return { ...object, balance_transaction: balanceTransactionOf(object as unknown as Stripe.Dispute) };
    default:
      return object;
  }
}

function oldInvoice(world: World, invoice: Stripe.Invoice): Json {
  const { parent, amount_overpaid: _, total_taxes: __, total_pretax_credit_amounts: ___, ...rest } = invoice;
  const [payment] = list(world, "invoice_payment", "", { limit: 1 }, { link: invoice.id }).data;
  const intentId = payment?.payment.payment_intent;
  const intent = intentId === undefined ? undefined : world.store.get("payment_intent", idOf(intentId));
  const details = parent?.subscription_details ?? null;
  return {
    ...rest,
    application_fee_amount: null,
    charge: intent?.latest_charge ?? null,
    discount: null,
    lines: { ...invoice.lines, data: invoice.lines.data.map((line) => oldLine(world, line)) },
    paid: invoice.status === "paid",
    paid_out_of_band: false,
    payment_intent: intent?.id ?? null,
    quote: null,
    subscription: details?.subscription ?? null,
    subscription_details: details === null ? null : { metadata: details.metadata },
    tax: null,
    total_tax_amounts: [],
    transfer_data: null,
  };
}

function oldLine(world: World, line: Stripe.InvoiceLineItem): Json {
  const { parent, pricing, taxes: _, pretax_credit_amounts: __, quantity_decimal: ___, ...rest } = line;
  const item = parent?.subscription_item_details;
  const priceId = pricing?.price_details?.price;
  const price = priceId === undefined ? undefined : world.store.get("price", idOf(priceId));
  return {
    ...rest,
    plan: null,
    price: price ?? null,
    proration: item?.proration ?? false,
    subscription: item?.subscription ?? null,
    subscription_item: item?.subscription_item ?? null,
    tax_amounts: [],
    tax_rates: [],
    type: "subscription",
  };
}

function oldSubscription(subscription: Stripe.Subscription): Json {
  const { billing_mode: _, billing_schedules: __, managed_payments: ___, ...rest } = subscription;
  const [first] = subscription.items.data;
  const data = subscription.items.data.map((item) => {
    const { current_period_end: _end, current_period_start: _start, ...kept } = item;
    return kept;
  });
  return {
    ...rest,
    current_period_end: first?.current_period_end ?? null,
    current_period_start: first?.current_period_start ?? null,
    discount: null,
    items: { ...subscription.items, data },
    plan: first?.plan ?? null,
    quantity: first?.quantity ?? null,
  };
}

function oldCharge(world: World, charge: Stripe.Charge, version: string): Json {
  const intent =
    charge.payment_intent === null ? undefined : world.store.get("payment_intent", idOf(charge.payment_intent));
  const refunds = list(world, "refund", `/v1/charges/${charge.id}/refunds`, { limit: 10 }, { link: charge.id });
  const [dispute] = list(world, "dispute", "", { limit: 1 }, { link: charge.id }).data;
  return {
    ...charge,
    destination: null,
    dispute: dispute?.id ?? null,
    invoice: intent?.payment_details?.order_reference ?? null,
    order: null,
    ...(version < WITHOUT_INCLUDED_LISTS ? { refunds: { ...refunds, total_count: refunds.data.length } } : {}),
  };
}

function oldIntent(world: World, intent: Stripe.PaymentIntent, version: string): Json {
  const { payment_details: details, managed_payments: _, payment_record: __, ...rest } = intent;
  const charges = list(world, "charge", `/v1/charges?payment_intent=${intent.id}`, { limit: 10 }, { link: intent.id });
  const data = charges.data.map((charge) => oldCharge(world, charge, version));
  return {
    ...rest,
    invoice: details?.order_reference ?? null,
    ...(version < WITHOUT_INCLUDED_LISTS ? { charges: { ...charges, data, total_count: data.length } } : {}),
  };
}

function balanceTransactionOf(dispute: Stripe.Dispute): string | null {
  return dispute.balance_transactions[0]?.id ?? null;
}

/** Former values by their former names. */
function oldPrevious(object: Json, previous: Json, version: string): Json {
  if (version >= BASIL) return previous;
  if (object.object === "invoice" && previous.status !== undefined) return { ...previous, paid: false };
  const items = previous.items as { data?: Stripe.SubscriptionItem[] } | undefined;
  const [first] = items?.data ?? [];
  if (object.object !== "subscription" || first === undefined) return previous;
  return {
    ...previous,
    current_period_end: first.current_period_end,
    current_period_start: first.current_period_start,
  };
}
