import { toStripeCurrency } from "../../shared/money.ts";
import type { Gift } from "./gift.ts";
import { tell } from "./sink.ts";
import type { World } from "./world.ts";

interface SessionState {
  readonly status: "complete" | "expired";
  readonly payment_status: "paid" | "unpaid";
  readonly customer?: string;
  readonly payment_intent?: string;
  readonly subscription?: string;
  readonly invoice?: string;
}

/** The payment page, as it is at its end. */
export function tellSession(world: World, gift: Gift, at: number, state: SessionState): void {
  const expiresAt = gift.at + world.plan.newsroom.checkout.session_minutes * 60;
  tell(world, "checkout.session", at, () => ({
    id: gift.session,
    created: gift.at,
    expires_at: expiresAt,
    mode: gift.frequency === "once" ? "payment" : "subscription",
    currency: toStripeCurrency(gift.currency),
    amount_total: gift.amount,
    metadata: gift.metadata,
    customer: null,
    payment_intent: null,
    subscription: null,
    invoice: null,
    recovered_from: null,
    after_expiration: null,
    ...state,
  }));
}

export function tellCustomer(world: World, gift: Gift, customer: string, at: number): void {
  const { name, email } = gift.donor;
  tell(world, "customer", at, () => ({ id: customer, created: at, name, email }));
}
