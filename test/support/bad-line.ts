import { type IncomingMessage, request, type ServerResponse } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { serveApp } from "./serve-app.ts";

export type Trouble = "none" | "slow" | "500" | "429" | "cut off" | "cut in the middle" | "no JSON";

const SLOW_MS = 300;

/** Stands between the service and Stripe, and can be made to fail until it is told to stop. */
export async function startBadLine(target: string) {
  let trouble: Trouble = "none";
  let failed = 0;
  const served = await serveApp(async (incoming, outgoing) => {
    if (trouble === "slow") await sleep(SLOW_MS);
    if (trouble === "none" || trouble === "slow") return forward(target, incoming, outgoing);
    failed += 1;
    fail(trouble, incoming, outgoing);
  });
  return {
    url: served.url,
    /** How many requests have failed so far. */
    failed: () => failed,
    make: (next: Trouble) => {
      trouble = next;
    },
    close: served.close,
  };
}

function forward(target: string, incoming: IncomingMessage, outgoing: ServerResponse): void {
  const { method, headers, url } = incoming;
  const onward = request(new URL(url ?? "", target), { method, headers }, (answer) => {
    outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
    answer.pipe(outgoing);
  });
  incoming.pipe(onward);
}

function fail(trouble: Trouble, incoming: IncomingMessage, outgoing: ServerResponse): void {
  const json = { "content-type": "application/json", date: new Date().toUTCString() };
  switch (trouble) {
    case "500":
    case "429":
      outgoing.writeHead(Number(trouble), { ...json, "retry-after": "1" });
      outgoing.end('{"error":{"type":"api_error","message":"Not now."}}');
      return;
    case "no JSON":
      outgoing.writeHead(200, json).end("<html><body>We will be back soon.</body></html>");
      return;
    case "cut in the middle":
      outgoing.writeHead(200, { ...json, "content-length": "5000" });
      outgoing.write('{"object":"list","data":[');
      setTimeout(() => incoming.socket.destroy(), 20);
      return;
    default:
      incoming.socket.destroy();
  }
}
