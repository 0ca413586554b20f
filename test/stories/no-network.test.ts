import http from "node:http";
import https from "node:https";
import net from "node:net";
import tls from "node:tls";
import { HttpResponse, http as handle } from "msw";
import { Client } from "pg";
import { describe, expect, test } from "vitest";
import { createStripeClient } from "../../src/stripe/client.ts";
import { network, takeRefused } from "../support/no-network.ts";

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

  test.each([
    ["TCP", () => net.connect(25, "mail.example.com")],
    ["TLS", () => tls.connect({ host: "mail.example.com", port: 465 })],
  ] as const)("a %s connection to another host fails", async (_kind, open) => {
    const { promise, resolve } = Promise.withResolvers<NodeJS.ErrnoException>();
    // Until something is said over it, msw has the socket believe that it is connected.
    const socket = open().on("error", resolve);
    socket.write("EHLO example.org\r\n");
    expect(await promise).toMatchObject({ code: "ECONNREFUSED" });
    expect(takeRefused()).toEqual(["tcp://mail.example.com"]);
  });

  test("a database on another host is out of reach", async () => {
    const client = new Client({ connectionString: "postgres://someone@database.example.com/books" });
    await expect(client.connect()).rejects.toThrow();
    expect(takeRefused()).toEqual(["tcp://database.example.com"]);
  });

  test("a WebSocket to another host fails", async () => {
    const { promise, resolve } = Promise.withResolvers<void>();
    new WebSocket("wss://example.com/").addEventListener("error", () => resolve());
    await promise;
    expect(takeRefused()).toEqual(["wss://example.com"]);
  });

  test("a handler of a test's own answers in the host's place", async () => {
    network.use(handle.get("https://example.com/", () => HttpResponse.text("handled")));
    expect(await (await fetch("https://example.com/")).text()).toBe("handled");
    expect(takeRefused()).toEqual([]);
  });

  test("a closed port of this machine refuses as it always does", async () => {
    const port = await closedPort();
    await expect(new Client({ host: "127.0.0.1", port }).connect()).rejects.toMatchObject({ code: "ECONNREFUSED" });
    await expect(fetch(`http://127.0.0.1:${port}/`)).rejects.toMatchObject({ cause: { code: "ECONNREFUSED" } });
    expect(takeRefused()).toEqual([]);
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

async function closedPort(): Promise<number> {
  const server = net.createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  return typeof address === "object" && address !== null ? address.port : 0;
}
