import { Agent, request } from "node:http";
import { parentPort, workerData } from "node:worker_threads";
import type { SignedEvent } from "./renewals.ts";

/** A thread of its own, so that sending takes no time from the server under test. */
const { port, events, inFlight } = workerData as { port: number; events: SignedEvent[]; inFlight: number };
const agent = new Agent({ keepAlive: true, maxSockets: inFlight });
const samples: number[] = [];
let next = 0;

const startedAt = performance.now();
await Promise.all(Array.from({ length: inFlight }, lane));
const seconds = (performance.now() - startedAt) / 1000;
agent.destroy();
parentPort?.postMessage({ samples, seconds });

async function lane(): Promise<void> {
  for (let event = events[next++]; event !== undefined; event = events[next++]) {
    const sentAt = performance.now();
    await post(event);
    samples.push(performance.now() - sentAt);
  }
}

function post({ body, signature }: SignedEvent): Promise<void> {
  return new Promise((resolve, reject) => {
    const headers = {
      "content-type": "application/json",
      "content-length": Buffer.byteLength(body),
      "stripe-signature": signature,
    };
    const sent = request(
      { agent, host: "127.0.0.1", port, path: "/webhooks/stripe", method: "POST", headers },
      (response) => {
        response.resume();
        response.on("end", () =>
          response.statusCode === 200 ? resolve() : reject(new Error(`answered ${response.statusCode}`)),
        );
      },
    );
    sent.on("error", reject);
    sent.end(body);
  });
}
