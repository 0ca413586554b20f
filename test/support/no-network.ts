import { Socket } from "node:net";
import { setupServer } from "msw/node";
import { afterAll, afterEach, inject } from "vitest";

/**
 * No test may talk to another machine. Connections to this one are as they always are; any other is refused like a
 * broken network, and fails the test that tried, even if the code under test swallowed the error.
 */

const allowed = new Set(["127.0.0.1", "localhost", "::1", "[::1]", new URL(inject("databaseServer").url).hostname]);
const refused: string[] = [];

/** For tests that add handlers of their own, `network.use(…)`; they are gone after the test. */
export const network = setupServer();

type Connect = (this: Socket, ...args: unknown[]) => Socket;
const prototype = Socket.prototype as unknown as { connect: Connect };
const realConnect = prototype.connect;

// Behind msw, which finds out what is spoken on a connection: what is no HTTP ends here.
prototype.connect = function (...args) {
  const host = hostOf(args);
  if (staysHere(host)) return realConnect.apply(this, args);
  refused.push(`tcp://${host}`);
  return this.destroy(Object.assign(new Error(`Tests may not connect to ${host}.`), { code: "ECONNREFUSED" }));
};

network.listen({
  onUnhandledFrame: ({ frame }) => {
    const url = new URL(urlOfFrame(frame.data));
    if (staysHere(url.hostname)) return;
    refused.push(`${url.protocol}//${url.host}`);
    // msw takes a thrown response for the outcome; this one is a network error.
    if (frame.protocol === "http") throw Response.error();
    throw new Error(`Tests may not connect to ${url.host}.`);
  },
});

// Before msw, which plays the first steps of every connection: those to this machine don't pass through it.
const mswConnect = prototype.connect;
prototype.connect = function (...args) {
  return staysHere(hostOf(args)) ? realConnect.apply(this, args) : mswConnect.apply(this, args);
};

afterEach(() => {
  network.resetHandlers();
  const hosts = takeRefused();
  if (hosts.length > 0)
    throw new Error(`Tests may not leave this machine, and this one tried to reach ${hosts.join(", ")}.`);
});

afterAll(() => {
  network.close();
  prototype.connect = realConnect;
});

/** The hosts that were refused since the last call; to take them is to say that the test expected it. */
export function takeRefused(): string[] {
  return refused.splice(0);
}

function staysHere(host: string | undefined): boolean {
  return host === undefined || allowed.has(host);
}

function urlOfFrame(data: unknown): string {
  const { request, connection } = data as { request?: Request; connection?: { client: { url: URL | string } } };
  return String(request?.url ?? connection?.client.url);
}

/** Where a socket goes: (options), (port, host), or those as one list; undefined for a path and for msw's own. */
function hostOf(args: readonly unknown[]): string | undefined {
  const [first, second] = Array.isArray(args[0]) ? args[0] : args;
  if (typeof first === "object" && first !== null) {
    const { host, path, lookup } = first as { host?: string; path?: string; lookup?: { name: string } };
    return (path && !host) || lookup?.name === "mockLookup" ? undefined : (host ?? "localhost");
  }
  if (typeof first === "string" && Number.isNaN(Number(first))) return undefined;
  return typeof second === "string" ? second : "localhost";
}
