import type { Stripe } from "../../stripe/types.ts";
import { newId } from "./ids.ts";
import { found, type Routes } from "./routing.ts";
import { change, type World } from "./world.ts";

/** A donor's permission to debit their account, given on the page. */
export function createMandate(world: World, method: Stripe.PaymentMethod): Stripe.Mandate {
  const id = newId.mandate();
  return world.store.put("mandate", {
    id,
    object: "mandate",
    customer_acceptance: {
      accepted_at: world.now(),
      online: { ip_address: "127.0.0.1", user_agent: "Simulated" },
      type: "online",
    },
    livemode: false,
    multi_use: {},
    payment_method: method.id,
    payment_method_details: {
      sepa_debit: { reference: id.slice(-12).toUpperCase(), url: `${world.baseUrl()}/mandates/${id}` },
      type: "sepa_debit",
    },
    status: "active",
    type: "multi_use",
  });
}

/** The newest mandate of a payment method. */
export function mandateOf(world: World, method: string): Stripe.Mandate | undefined {
  for (const mandate of world.store.inOrder("mandate", { newestFirst: true, link: method })) return mandate;
  return undefined;
}

/** The donor revokes it at their bank, or a bank confirms it. What is debited under an inactive one comes back. */
export function setMandate(world: World, before: Stripe.Mandate, status: "active" | "inactive" | "pending") {
  if (before.status === status) return before;
  const after = change(world, "mandate", before, { status });
  world.emit("mandate.updated", after, { status: before.status });
  return after;
}

export const mandateRoutes: Routes = {
  "GET /v1/mandates/:id": (world, { id }) => found(world, "mandate", id, "mandate"),
};
