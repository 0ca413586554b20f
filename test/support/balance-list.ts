import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { createStripeClient, type StripeClient } from "../../src/stripe/client.ts";
import type { Stripe } from "../../src/stripe/types.ts";
import { stripeId } from "./gifts.ts";

export interface BalanceList {
  readonly stripe: StripeClient;
  /** What Stripe has, in any order. */
  readonly all: Stripe.BalanceTransaction[];
  /** The queries that were sent. */
  readonly asked: URLSearchParams[];
  /** Called before the answer to the request of this number, from 1; a number returned is its status, as an error. */
  before: (request: number) => Promise<number | undefined> | number | undefined;
  close(): Promise<void>;
}

/**
 * Stripe's `GET /v1/balance_transactions` over whatever a test puts in: refunds, odd currencies, categories of tomorrow. The real client
 * talks to it. https://docs.stripe.com/api/balance_transactions/list
 */
export async function startBalanceList(): Promise<BalanceList> {
  const server = createServer(async (request, response) => {
    const url = new URL(request.url ?? "/", "http://127.0.0.1");
    list.asked.push(url.searchParams);
    const failure = await list.before(list.asked.length);
    const body =
      failure === undefined
        ? pageOf(list.all, url.searchParams)
        : { error: { type: "api_error", message: "no", code: "no" } };
    response.writeHead(failure ?? 200, { "content-type": "application/json", "stripe-should-retry": "false" });
    response.end(JSON.stringify(body));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const apiBase = new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  const list: BalanceList = {
    stripe: createStripeClient({ secretKey: "sk_test_ledger", apiBase }),
    all: [],
    asked: [],
    before: () => undefined,
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return list;
}

function pageOf(all: readonly Stripe.BalanceTransaction[], query: URLSearchParams): object {
  const since = Number(query.get("created[gte]") ?? Number.NEGATIVE_INFINITY);
  const sorted = all
    .filter((one) => one.created >= since)
    .sort((a, b) => b.created - a.created || (a.id < b.id ? 1 : -1));
  const after = query.get("starting_after");
  const from = after === null ? 0 : sorted.findIndex((one) => one.id === after) + 1;
  const limit = Number(query.get("limit") ?? 10);
  const data = sorted.slice(from, from + limit);
  return { object: "list", url: "/v1/balance_transactions", data, has_more: sorted.length > from + limit };
}

/** A card payment of 10.00 USD, unless told otherwise. */
export function balanceTransaction(given: Partial<Stripe.BalanceTransaction> = {}): Stripe.BalanceTransaction {
  const amount = given.amount ?? 1000;
  const fee = given.fee ?? 59;
  return {
    id: stripeId("txn"),
    object: "balance_transaction",
    amount,
    available_on: 1_795_996_800,
    balance_type: "payments",
    created: 1_795_444_000,
    currency: "usd",
    description: "A gift of reader@example.org",
    exchange_rate: null,
    fee,
    fee_details: [
      { amount: fee, application: null, currency: "usd", description: "Stripe processing fees", type: "stripe_fee" },
    ],
    net: amount - fee,
    reporting_category: "charge",
    source: stripeId("ch"),
    status: "pending",
    type: "charge",
    ...given,
  };
}
