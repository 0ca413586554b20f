import { loadNewsroom } from "../newsroom.ts";
import { SetupError } from "../shared/errors.ts";
import { createStripeClient, stripeKeyOf } from "../stripe/client.ts";
import { ensureProduct } from "../stripe/product.ts";
import type { CommandContext } from "./command.ts";

/** `stripe setup`: what has to exist at Stripe before the first gift. Can be repeated. */
export async function stripeSetupCommand({ settings }: CommandContext, args: readonly string[]): Promise<void> {
  if (args.join(" ") !== "setup") throw new SetupError(["Use: stripe setup"]);
  const { config } = settings;
  const stripe = createStripeClient({ secretKey: stripeKeyOf(config), apiBase: config.stripe.apiBase });
  const product = loadNewsroom(config.newsroomConfig).stripe_product;
  const made = await ensureProduct(stripe, product);
  console.log(`Product ${product.id}: ${made ? "made" : "was there"}.`);
}
