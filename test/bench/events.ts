import { createHmac } from "node:crypto";
import { STRIPE_API_VERSION } from "../../src/stripe/types.ts";

export interface SignedEvent {
  readonly body: string;
  readonly signature: string;
}

/** Charge events of the usual size, each with an id of its own, signed for now. */
export function signedEvents(count: number, secret: string, run: string): SignedEvent[] {
  const timestamp = Math.floor(Date.now() / 1000);
  return Array.from({ length: count }, (_, index) => {
    const body = JSON.stringify(event(`${run}${index.toString(36)}`, timestamp));
    const signature = createHmac("sha256", secret).update(`${timestamp}.${body}`).digest("hex");
    return { body, signature: `t=${timestamp},v1=${signature}` };
  });
}

function event(id: string, created: number): object {
  return {
    id: `evt_${id}`,
    object: "event",
    api_version: STRIPE_API_VERSION,
    created,
    livemode: false,
    pending_webhooks: 1,
    request: { id: null, idempotency_key: null },
    type: "charge.succeeded",
    data: {
      object: {
        id: `ch_${id}`,
        object: "charge",
        amount: 1000,
        amount_captured: 1000,
        amount_refunded: 0,
        balance_transaction: null,
        billing_details: {
          address: { city: null, country: "DE", line1: null, line2: null, postal_code: null, state: null },
          email: "reader@example.org",
          name: "A Reader",
          phone: null,
          tax_id: null,
        },
        calculated_statement_descriptor: "HARBOUR COURIER",
        captured: true,
        created,
        currency: "usd",
        customer: `cus_${id}`,
        description: "Reader support",
        failure_code: null,
        fraud_details: {},
        livemode: false,
        metadata: {
          donation_id: "01a20a15-8d20-7191-937a-96f6e382aec6",
          frequency: "once",
          attribution: "A".repeat(480),
        },
        outcome: {
          network_status: "approved_by_network",
          reason: null,
          risk_level: "normal",
          seller_message: "Payment complete.",
          type: "authorized",
        },
        paid: true,
        payment_intent: `pi_${id}`,
        payment_method: `pm_${id}`,
        payment_method_details: {
          card: {
            brand: "visa",
            checks: {},
            country: "DE",
            exp_month: 8,
            exp_year: 2030,
            fingerprint: "F".repeat(16),
            funding: "credit",
            last4: "4242",
            network: "visa",
            wallet: null,
          },
          type: "card",
        },
        receipt_url: `https://pay.stripe.com/receipts/${"r".repeat(120)}`,
        refunded: false,
        status: "succeeded",
      },
    },
  };
}
