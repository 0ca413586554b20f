import { z } from "zod";
import type { Stripe } from "../../stripe/types.ts";
import { collect, finalizeAndCollect } from "./collection.ts";
import { setDelinquent } from "./delinquency.ts";
import { missing, refusal, StripeError } from "./errors.ts";
import type { Form } from "./form.ts";
import { openPaymentOf } from "./invoice-payments.ts";
import { finalizeInvoice, markUncollectible, voidInvoice } from "./invoice-states.ts";
import { DRAFT_FOR } from "./invoices.ts";
import { list, pageParams } from "./list.ts";
import { boolean, clearable, mergeMetadata, metadata, oneOf, parseParams, text, timeRange } from "./params.ts";
import { found, type Routes } from "./routing.ts";
import { activate } from "./subscription-states.ts";
import { change, idOf, previously, type World } from "./world.ts";

const listParams = z.strictObject({
  ...pageParams,
  collection_method: oneOf("charge_automatically", "send_invoice").optional(),
  created: timeRange().optional(),
  customer: text().optional(),
  status: oneOf("draft", "open", "paid", "uncollectible", "void").optional(),
  subscription: text().optional(),
});

const updateParams = z.strictObject({
  auto_advance: boolean().optional(),
  description: clearable().optional(),
  metadata: metadata().optional(),
});
const finalizeParams = z.strictObject({ auto_advance: boolean().optional() });
const payParams = z.strictObject({ off_session: boolean().optional(), payment_method: text().optional() });
const UNSIMULATED = ["forgive", "mandate", "paid_out_of_band", "source"];
const nothing = z.strictObject({});

export const invoiceRoutes: Routes = {
  "GET /v1/invoices": (world, { form }) => {
    const {
      collection_method: method,
      created,
      customer,
      status,
      subscription,
      ...page
    } = parseParams(listParams, form);
    return list(world, "invoice", "/v1/invoices", page, {
      link: subscription ?? customer,
      created,
      where: (it) =>
        (method === undefined || it.collection_method === method) &&
        (customer === undefined || it.customer === customer) &&
        (status === undefined || it.status === status),
    });
  },
  "GET /v1/invoices/:id": (world, { id }) => found(world, "invoice", id),
  "GET /v1/invoices/:id/lines": (world, { id }) => found(world, "invoice", id).lines,
  "POST /v1/invoices/:id": (world, { id, form }) => update(world, found(world, "invoice", id), form),
  "POST /v1/invoices/:id/finalize": (world, { id, form }) => {
    const before = found(world, "invoice", id);
    const { auto_advance: advance } = parseParams(finalizeParams, form);
    if (before.status !== "draft") {
      throw refusal(null, "This invoice is already finalized, you can't re-finalize a non-draft invoice.");
    }
    const draft = advance === undefined ? before : { ...before, auto_advance: advance };
    return draft.auto_advance === true
      ? finalizeAndCollect(world, draft, "Subscription update")
      : finalizeInvoice(world, draft);
  },
  "POST /v1/invoices/:id/pay": (world, { id, form }) => {
    const params = parseParams(payParams, form, UNSIMULATED);
    return pay(world, found(world, "invoice", id), params.payment_method);
  },
  "POST /v1/invoices/:id/mark_uncollectible": (world, { id, form }) => {
    const before = found(world, "invoice", id);
    parseParams(nothing, form);
    if (before.status !== "open") throw notNow(before, "marked as uncollectible");
    return released(world, markUncollectible(world, before));
  },
  "POST /v1/invoices/:id/void": (world, { id, form }) => {
    const before = found(world, "invoice", id);
    parseParams(nothing, form);
    if (before.status !== "open" && before.status !== "uncollectible") throw notNow(before, "voided");
    refuseWhileProcessing(world, before);
    return released(world, voidInvoice(world, before));
  },
};

/** Nobody owes it any more: the subscription goes on, and the customer owes nothing. */
function released(world: World, invoice: Stripe.Invoice): Stripe.Invoice {
  setDelinquent(world, invoice, false);
  activate(world, invoice);
  return invoice;
}

function notNow(invoice: Stripe.Invoice, what: string): StripeError {
  return refusal(null, `This invoice cannot be ${what}: its status is ${invoice.status}.`);
}

/** An attempt by hand: its failure is the request's own. */
function pay(world: World, before: Stripe.Invoice, methodId: string | undefined): Stripe.Invoice {
  if (before.status === "paid") throw refusal("invoice_already_paid", "Invoice is already paid");
  if (before.status === "void") throw notNow(before, "paid");
  const method = methodId === undefined ? undefined : world.store.get("payment_method", methodId);
  if (methodId !== undefined && method === undefined) throw missing("PaymentMethod", methodId, "payment_method");
  const invoice = before.status === "draft" ? finalizeInvoice(world, before) : before;
  refuseWhileProcessing(world, invoice);
  const after = collect(world, invoice, { byHand: true, ...(method === undefined ? {} : { method }) });
  const intent = openPaymentOf(world, after.id)?.payment.payment_intent;
  if (intent !== undefined) throwIfRefused(world.store.mustGet("payment_intent", idOf(intent)));
  return after;
}

function refuseWhileProcessing(world: World, invoice: Stripe.Invoice): void {
  const intent = openPaymentOf(world, invoice.id)?.payment.payment_intent;
  if (intent === undefined || world.store.mustGet("payment_intent", idOf(intent)).status !== "processing") return;
  throw refusal(null, "This invoice has a payment that is still processing. Wait until it has succeeded or failed.");
}

/** https://docs.stripe.com/api/errors */
function throwIfRefused(intent: Stripe.PaymentIntent): void {
  if (intent.status === "requires_action") {
    const message =
      "This payment requires additional user action before it can be completed successfully. Payment can be completed using the PaymentIntent associated with this invoice.";
    const code = "invoice_payment_intent_requires_action";
    throw new StripeError(402, { type: "card_error", code, message, payment_intent: intent }, true);
  }
  const error = intent.last_payment_error;
  if (intent.status !== "requires_payment_method" || error === null) return;
  const { charge, code = "card_declined", decline_code = "generic_decline", message = "", payment_method } = error;
  throw new StripeError(
    402,
    { type: "card_error", code, message, charge, decline_code, payment_intent: intent, payment_method },
    true,
  );
}

function update(world: World, before: Stripe.Invoice, form: Form): Stripe.Invoice {
  const params = parseParams(updateParams, form);
  const after = change(world, "invoice", before, {
    auto_advance: params.auto_advance ?? before.auto_advance ?? false,
    description: params.description === undefined ? before.description : params.description,
    metadata: params.metadata === undefined ? before.metadata : mergeMetadata(before.metadata ?? {}, params.metadata),
  });
  const previous = previously(before, after, "auto_advance", "description", "metadata");
  if (Object.keys(previous).length > 0) world.emit("invoice.updated", after, previous);
  if (after.status === "draft" && after.auto_advance === true && before.auto_advance === false) {
    world.schedule(world.now() + DRAFT_FOR, "finalize_invoice", after.id);
  }
  return after;
}
