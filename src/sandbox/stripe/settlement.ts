import type { Stripe } from "../../stripe/types.ts";
import { settleInvoice } from "./collection.ts";
import { book, settle } from "./payments.ts";
import { change, idOf, type World } from "./world.ts";

/** What the clock brings to a payment by a delayed method: the money, or the news that it won't come. */
export function settleDelayed(world: World, id: string, wentThrough: boolean): void {
  const intent = world.store.get("payment_intent", id);
  if (intent?.status !== "processing") return;
  const invoice = intent.payment_details?.order_reference;
  if (typeof invoice === "string") {
    settleInvoice(world, intent, invoice, wentThrough);
    tellSession(world, sessionOfInvoice(world, world.store.mustGet("invoice", invoice)), wentThrough);
    return;
  }
  const { charge } = settle(world, intent, wentThrough);
  tellSession(world, newestLinked(world, id), wentThrough);
  if (wentThrough && charge.balance_transaction === null) book(world, charge);
}

function tellSession(world: World, session: Stripe.Checkout.Session | undefined, wentThrough: boolean): void {
  if (session === undefined) return;
  if (!wentThrough) {
    world.emit("checkout.session.async_payment_failed", session);
    return;
  }
  const paid = change(world, "checkout.session", session, { payment_status: "paid" });
  world.emit("checkout.session.async_payment_succeeded", paid);
}

/** Only the first invoice of a subscription belongs to a session. */
function sessionOfInvoice(world: World, invoice: Stripe.Invoice): Stripe.Checkout.Session | undefined {
  if (invoice.billing_reason !== "subscription_create") return undefined;
  return newestLinked(world, idOf(invoice.parent?.subscription_details?.subscription ?? ""));
}

function newestLinked(world: World, link: string): Stripe.Checkout.Session | undefined {
  for (const session of world.store.inOrder("checkout.session", { newestFirst: true, link })) return session;
  return undefined;
}
