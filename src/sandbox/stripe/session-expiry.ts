import type { Stripe } from "../../stripe/types.ts";
import { newId } from "./ids.ts";
import { cancelIntent } from "./payments.ts";
import { DAY } from "./periods.ts";
import { sessionUrl } from "./session-build.ts";
import { change, idOf, type World } from "./world.ts";

/** How long the link to an abandoned session can be used. https://docs.stripe.com/payments/checkout/abandoned-carts */
const RECOVERABLE_FOR = 30 * DAY;

/** What the clock brings to a session that nobody completed. */
export function expireWhenDue(world: World, id: string): void {
  const session = world.store.get("checkout.session", id);
  if (session?.status === "open") expireSession(world, session);
}

/** open → expired; with recovery a link that opens a copy of it. */
export function expireSession(world: World, before: Stripe.Checkout.Session): Stripe.Checkout.Session {
  if (before.payment_intent !== null) cancelIntent(world, idOf(before.payment_intent), "automatic");
  const recovery = before.after_expiration?.recovery;
  const after = change(world, "checkout.session", before, {
    status: "expired",
    url: null,
    after_expiration:
      recovery?.enabled === true
        ? {
            recovery: {
              ...recovery,
              expires_at: world.now() + RECOVERABLE_FOR,
              url: `${world.baseUrl()}/r/${before.id}/${newId.recovery()}`,
            },
          }
        : before.after_expiration,
  });
  world.emit("checkout.session.expired", after);
  return after;
}

/** The copy of an expired session that its recovery link opens; undefined when the link isn't good (any more). */
export function recoverSession(world: World, id: string, url: string): Stripe.Checkout.Session | undefined {
  const expired = world.store.get("checkout.session", id);
  const recovery = expired?.after_expiration?.recovery;
  if (expired === undefined || recovery?.url !== url || (recovery.expires_at ?? 0) <= world.now()) return undefined;
  const copy = newId.session();
  const session = world.store.put("checkout.session", {
    ...expired,
    id: copy,
    after_expiration: { recovery: { ...recovery, expires_at: null, url: null } },
    created: world.now(),
    expires_at: world.now() + DAY,
    payment_intent: null,
    recovered_from: expired.id,
    status: "open",
    url: sessionUrl(world, copy),
  });
  const details = world.store.mustGet("checkout_details", expired.id);
  world.store.put("checkout_details", { ...details, id: copy, declined: null });
  world.schedule(session.expires_at, "expire_session", copy);
  return session;
}
