import { v5 } from "uuid";

/** Fixed for ever: a rebuild must give the same ids. */
const NAMESPACE = "6f6e7a52-5d0b-5c57-9a38-0c2f0f6f3b1e";

/** The id of a payment, from the PaymentIntent (once) or the invoice (recurring) that it is. */
export function paymentId(stripeId: string): string {
  return v5(`payment:${stripeId}`, NAMESPACE);
}

/** One donor is one address; without an address, one customer at Stripe. */
export function donorId(customer: { readonly id: string; readonly email_hash: Buffer | null }): string {
  const name =
    customer.email_hash === null ? `customer:${customer.id}` : `email:${customer.email_hash.toString("hex")}`;
  return v5(`donor:${name}`, NAMESPACE);
}
