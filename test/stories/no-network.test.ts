import http from "node:http";
import https from "node:https";
import { describe, expect, test } from "vitest";
import { createStripeClient } from "../../src/stripe/client.ts";
import { takeRefused } from "../support/no-network.ts";

describe("tests cannot leave this machine", () => {
  test("fetch to another host fails", async () => {
    await expect(fetch("https://example.com/")).rejects.toThrow();
    expect(takeRefused()).toEqual(["https://example.com"]);
  });

  test.each([
    ["http", http],
    ["https", https],
  ] as const)("node:%s to another host fails", async (scheme, module) => {
    const { promise, resolve, reject } = Promise.withResolvers<http.IncomingMessage>();
    module.get(`${scheme}://example.com/`, resolve).on("error", reject);
    await expect(promise).rejects.toThrow();
    expect(takeRefused()).toEqual([`${scheme}://example.com`]);
  });

  test("the real Stripe client does not reach Stripe", async () => {
    const stripe = createStripeClient({ secretKey: "sk_test_unused", apiBase: null });
    const balance = stripe.api.balance.retrieve({}, { maxNetworkRetries: 0 });
    await expect(balance).rejects.toMatchObject({ type: "StripeConnectionError" });
    expect(takeRefused()).toEqual(["https://api.stripe.com"]);
  });

  test.each(["127.0.0.1", "localhost"])("requests to %s pass", async (host) => {
    const server = http.createServer((_request, response) => response.end("here"));
    await new Promise<void>((resolve) => server.listen(0, host, resolve));
    const address = server.address();
    const port = typeof address === "object" ? address?.port : undefined;
    try {
      const answer = await fetch(`http://${host}:${port}/`);
      expect(await answer.text()).toBe("here");
    } finally {
      server.close();
    }
    expect(takeRefused()).toEqual([]);
  });
});
