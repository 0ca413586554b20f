import type { StripeClient } from "./client.ts";
import { isMissing } from "./failures.ts";

interface Product {
  readonly id: string;
  readonly name: string;
  readonly description: string;
}

/** Makes the one product that every gift is a gift of, unless it is there. @returns whether it was made now */
export async function ensureProduct(stripe: StripeClient, product: Product): Promise<boolean> {
  try {
    await stripe.api.products.retrieve(product.id);
    return false;
  } catch (error) {
    if (!isMissing(error)) throw error;
  }
  await stripe.api.products.create(
    { id: product.id, name: product.name, description: product.description },
    { idempotencyKey: `product:${product.id}` },
  );
  return true;
}
