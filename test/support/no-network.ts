import { setupServer } from "msw/node";
import { afterAll, afterEach } from "vitest";

/**
 * No test may talk to another machine. Requests to this one pass; any other is refused like a broken network, and
 * fails the test that sent it, even if the code under test swallowed the error.
 */

const LOOPBACK = new Set(["127.0.0.1", "localhost", "[::1]"]);
const refused: string[] = [];

/** For tests that add handlers of their own: `network.use(…)`, and handlers are gone after each test. */
export const network = setupServer();

network.listen({
  onUnhandledFrame: ({ frame }) => {
    const url = new URL(urlOfFrame(frame.data));
    if (LOOPBACK.has(url.hostname)) return;
    refused.push(`${url.protocol}//${url.host}`);
    // msw takes a thrown response for the outcome; this one is a network error.
    throw Response.error();
  },
});

afterEach(() => {
  network.resetHandlers();
  const hosts = takeRefused();
  if (hosts.length > 0)
    throw new Error(`Tests may not leave this machine, but a request was sent to ${hosts.join(", ")}.`);
});

afterAll(() => network.close());

/** The hosts that were refused since the last call; taking them says that the test expected it. */
export function takeRefused(): string[] {
  return refused.splice(0);
}

function urlOfFrame(data: unknown): string {
  const { request, connection } = data as { request?: Request; connection?: { client: { url: URL | string } } };
  return String(request?.url ?? connection?.client.url);
}
