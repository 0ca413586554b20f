import type { Stripe } from "../../stripe/types.ts";
import { liveCustomer } from "./customers.ts";
import { change, idOf, type World } from "./world.ts";

/** Whether the customer's last invoice failed. */
export function setDelinquent(world: World, invoice: Stripe.Invoice, delinquent: boolean): void {
  const before = liveCustomer(world, idOf(invoice.customer ?? ""));
  if (before === undefined || before.delinquent === delinquent) return;
  const after: Stripe.Customer = { ...before, delinquent };
  change(world, "customer", before, after);
  world.emit("customer.updated", after, { delinquent: before.delinquent });
}
