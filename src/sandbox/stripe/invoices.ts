import type { Stripe } from "../../stripe/types.ts";
import { liveCustomer } from "./customers.ts";
import { newId } from "./ids.ts";
import { buildLine } from "./invoice-lines.ts";
import { HOUR } from "./periods.ts";
import { idOf, type World } from "./world.ts";

/** Stripe leaves a renewal's invoice open to changes for about an hour. */
export const DRAFT_FOR = HOUR;

export interface Period {
  readonly start: number;
  readonly end: number;
}

/** A draft for one period of a subscription, paid in advance. `billed` is the period that the invoice itself closes. */
export function draftInvoice(
  world: World,
  subscription: Stripe.Subscription,
  reason: "subscription_create" | "subscription_cycle" | "subscription_update",
  period: Period,
  billed: Period,
  autoAdvance = true,
): Stripe.Invoice {
  const id = newId.invoice();
  const customer = liveCustomer(world, idOf(subscription.customer));
  const lines = subscription.items.data.map((item) => buildLine(world, id, subscription, item, period));
  const total = lines.reduce((sum, line) => sum + line.amount, 0);
  const renewal = reason === "subscription_cycle" && autoAdvance;
  const invoice = world.store.put("invoice", {
    id,
    object: "invoice",
    account_country: world.account.country,
    account_name: world.account.name,
    account_tax_ids: null,
    amount_due: total,
    amount_overpaid: 0,
    amount_paid: 0,
    amount_remaining: total,
    amount_shipping: 0,
    application: null,
    attempt_count: 0,
    attempted: false,
    auto_advance: autoAdvance,
    automatic_tax: { disabled_reason: null, enabled: false, liability: null, provider: null, status: null },
    automatically_finalizes_at: renewal ? world.now() + DRAFT_FOR : null,
    billing_reason: reason,
    collection_method: "charge_automatically",
    created: world.now(),
    currency: subscription.currency,
    custom_fields: null,
    customer: subscription.customer,
    customer_account: null,
    customer_address: customer?.address ?? null,
    customer_email: customer?.email ?? null,
    customer_name: customer?.name ?? null,
    customer_phone: customer?.phone ?? null,
    customer_shipping: null,
    customer_tax_exempt: "none",
    customer_tax_ids: [],
    default_payment_method: null,
    default_source: null,
    default_tax_rates: [],
    description: null,
    discounts: [],
    due_date: null,
    effective_at: null,
    ending_balance: null,
    footer: null,
    from_invoice: null,
    hosted_invoice_url: null,
    invoice_pdf: null,
    issuer: { type: "self" },
    last_finalization_error: null,
    latest_revision: null,
    lines: { object: "list", data: lines, has_more: false, url: `/v1/invoices/${id}/lines` },
    livemode: false,
    metadata: {},
    next_payment_attempt: renewal ? world.now() + DRAFT_FOR : null,
    number: null,
    on_behalf_of: null,
    parent: {
      quote_details: null,
      subscription_details: { metadata: { ...subscription.metadata }, subscription: subscription.id },
      type: "subscription_details",
    },
    payment_settings: { default_mandate: null, payment_method_options: null, payment_method_types: null },
    period_end: billed.end,
    period_start: billed.start,
    post_payment_credit_notes_amount: 0,
    pre_payment_credit_notes_amount: 0,
    receipt_number: null,
    rendering: null,
    shipping_cost: null,
    shipping_details: null,
    starting_balance: 0,
    statement_descriptor: null,
    status: "draft",
    status_transitions: { finalized_at: null, marked_uncollectible_at: null, paid_at: null, voided_at: null },
    subtotal: total,
    subtotal_excluding_tax: total,
    test_clock: null,
    total,
    total_discount_amounts: [],
    total_excluding_tax: total,
    total_pretax_credit_amounts: [],
    total_taxes: [],
    webhooks_delivered_at: null,
  });
  world.emit("invoice.created", invoice);
  return invoice;
}
