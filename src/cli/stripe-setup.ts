import { loadNewsroom } from "../newsroom.ts";
import { SetupError } from "../shared/errors.ts";
import { createStripeClient, stripeKeyOf } from "../stripe/client.ts";
import { stripeFailure } from "../stripe/failures.ts";
import { ensurePortal } from "../stripe/portal.ts";
import { ensureProduct } from "../stripe/product.ts";
import type { Run } from "./command.ts";

/** `stripe setup`: what has to exist at Stripe before the first gift. Can be repeated. */
export function stripeSetupCommand(args: readonly string[]): Run {
  if (args.join(" ") !== "setup") throw new SetupError(["Use: stripe setup"]);
  return async ({ settings: { config } }) => {
    const stripe = createStripeClient({ secretKey: stripeKeyOf(config), apiBase: config.stripe.apiBase });
    const { stripe_product: product, terms } = loadNewsroom(config.newsroomConfig);
    const made = await ensureProduct(stripe, product).catch((error: unknown) => {
      throw asSetupError(error, "stripe_product", "products");
    });
    console.log(`Product ${product.id}: ${made ? "made" : "was there"}.`);
    const portal = await ensurePortal(stripe, terms).catch((error: unknown) => {
      throw asSetupError(error, "terms", "the customer portal");
    });
    console.log(`Customer portal: ${portal}.`);
  };
}

/** @param key of newsroom.yaml, from which comes what was sent */
function asSetupError(error: unknown, key: string, permission: string): unknown {
  const failure = stripeFailure(error);
  switch (failure?.kind) {
    case undefined:
      return error;
    case "misconfigured":
      return new SetupError([
        `STRIPE_SECRET_KEY: Stripe refuses it. It needs the permission to read and write ${permission}.`,
      ]);
    case "refused":
      return new SetupError([`${key} in newsroom.yaml: Stripe refuses it (${failure.code ?? "without a code"}).`]);
    case "unknown":
    case "replayed_failure":
      return new SetupError([
        "Stripe can't be reached or is out of order. Check the network and STRIPE_API_BASE, and try again.",
      ]);
  }
}
