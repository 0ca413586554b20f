import { createHmac } from "node:crypto";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { toMetadata } from "../../src/mirror/metadata.ts";
import { memoryClock } from "../../src/sandbox/clock.ts";
import { startStripeStandIn } from "../../src/sandbox/stripe/server.ts";
import { createStripeClient } from "../../src/stripe/client.ts";

export interface SignedEvent {
  readonly body: string;
  readonly signature: string;
}

/** What one monthly donor makes Stripe send: at the start, and at a renewal. */
interface Templates {
  readonly start: readonly string[];
  readonly renewal: readonly string[];
}

const DONATION = "01234567-89ab-7cde-8f01-23456789abcd";
const ID = /\b(?:cus|sub|si|in|il|inpay|pi|ch|py|txn|pm|evt|price|cs_test|mandate|req|src|seti)_[A-Za-z0-9]+/g;

/** Recorded from the simulated Stripe, so that bodies have the shapes, sizes and mixture of types of a night of renewals. */
export async function recordTemplates(): Promise<Templates> {
  const bodies: string[] = [];
  const receiver = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
    bodies.push(Buffer.concat(chunks).toString("utf8"));
    response.writeHead(200).end();
  });
  await new Promise<void>((resolve) => receiver.listen(0, "127.0.0.1", resolve));
  const url = `http://127.0.0.1:${(receiver.address() as AddressInfo).port}/`;
  const standIn = await startStripeStandIn({
    port: 0,
    stateFile: null,
    clock: memoryClock(),
    webhook: { url, secret: "whsec_bench" },
    environment: "development",
  });
  const { api } = createStripeClient({ secretKey: "sk_test_bench", apiBase: new URL(standIn.url) });
  const metadata = toMetadata({ donation_id: DONATION, frequency: "monthly", attribution_code: "A".repeat(480) });
  const session = await api.checkout.sessions.create({
    mode: "subscription",
    ui_mode: "hosted_page",
    success_url: url,
    metadata,
    subscription_data: { metadata, billing_mode: { type: "flexible" } },
    line_items: [
      {
        quantity: 1,
        price_data: {
          currency: "usd",
          unit_amount: 1000,
          recurring: { interval: "month" },
          product_data: { name: "Support" },
        },
      },
    ],
  });
  const donor = new URLSearchParams({ outcome: "pay", email: "reader@example.org", name: "A Reader", country: "DE" });
  await fetch(session.url ?? "", { method: "POST", redirect: "manual", body: donor });
  await standIn.settled();
  const start = bodies.splice(0);
  await standIn.advance(32 * 86_400_000);
  await standIn.settled();
  const renewal = bodies.splice(0);
  await standIn.close();
  receiver.closeAllConnections();
  receiver.close();
  return { start, renewal };
}

/** The same events of other donors: every id and the donation are theirs. `run` keeps them apart from other runs' on one database. */
export function eventsOf(templates: readonly string[], donors: number, run: string): string[] {
  return Array.from({ length: donors }, (_, index) => {
    const suffix = `${run}${index.toString(36)}`;
    const donation = uuidOf(suffix);
    return templates.map((body) => body.replace(ID, (id) => `${id}${suffix}`).replaceAll(DONATION, donation));
  }).flat();
}

export function sign(bodies: readonly string[], secret: string): SignedEvent[] {
  const timestamp = Math.floor(Date.now() / 1000);
  return bodies.map((body) => {
    const signature = createHmac("sha256", secret).update(`${timestamp}.${body}`).digest("hex");
    return { body, signature: `t=${timestamp},v1=${signature}` };
  });
}

function uuidOf(suffix: string): string {
  const hex = createHmac("sha256", "donation").update(suffix).digest("hex");
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-7${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}
