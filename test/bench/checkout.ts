import { Agent, request } from "node:http";
import type { Stripe } from "../../src/stripe/types.ts";
import { percentile, type Row, round, row, timed } from "./measure.ts";
import type { Stage } from "./stage.ts";

const WARM_UP = 100;
const RUNS = 500;

/** A checkout over HTTP, against the bare call to the same simulated Stripe by the same client, in turns. */
export async function checkoutRows(stage: Stage): Promise<readonly Row[]> {
  const agent = new Agent({ keepAlive: true });
  const body = JSON.stringify({
    frequency: "monthly",
    amount: 1000,
    currency: "USD",
    email: "reader@example.org",
    attribution: {
      article_url: "https://www.example.org/a-story",
      article_id: "a-story",
      campaign: "winter-2026",
      placement: "article_end",
    },
  });
  const bare: number[] = [];
  const ours: number[] = [];
  for (let run = 0; run < WARM_UP + RUNS; run++) {
    const one = await timed(() => stage.deps.stripe.api.checkout.sessions.create(bareParams(stage)));
    const other = await timed(() => post(agent, stage.port, body, `bench-${run}-${process.pid}`));
    if (run < WARM_UP) continue;
    bare.push(one);
    ours.push(other);
  }
  agent.destroy();
  const more = round(percentile(ours, 0.5) - percentile(bare, 0.5));
  return [
    row("checkout creation, one at a time", "baseline: the bare Stripe call", bare, null),
    row(
      "checkout creation, one at a time",
      "POST /v1/checkout-sessions",
      ours,
      null,
      `${more} ms more at the median (aim: at most 3)`,
    ),
  ];
}

function bareParams(stage: Stage): Stripe.Checkout.SessionCreateParams {
  return {
    ui_mode: "hosted_page",
    mode: "subscription",
    customer_email: "reader@example.org",
    success_url: "https://www.example.org/thanks",
    metadata: { donation_id: "bench" },
    line_items: [
      {
        quantity: 1,
        price_data: {
          currency: "usd",
          unit_amount: 1000,
          product: stage.deps.newsroom().stripe_product.id,
          recurring: { interval: "month" },
        },
      },
    ],
  };
}

let clients = 0;

/** One client may not start so many. */
function anotherClient(): string {
  clients += 1;
  return `10.0.${clients >> 8}.${clients & 255}`;
}

function post(agent: Agent, port: number, body: string, key: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const headers = {
      "content-type": "application/json",
      "content-length": Buffer.byteLength(body),
      "idempotency-key": key,
      "x-forwarded-for": anotherClient(),
    };
    const sent = request(
      { agent, host: "127.0.0.1", port, path: "/v1/checkout-sessions", method: "POST", headers },
      (response) => {
        response.resume();
        response.on("end", () =>
          response.statusCode === 201 ? resolve() : reject(new Error(`answered ${response.statusCode}`)),
        );
      },
    );
    sent.on("error", reject);
    sent.end(body);
  });
}
