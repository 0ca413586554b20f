import { connect } from "node:net";
import type { Config } from "../config.ts";

const ANSWER_WITHIN_MS = 1_000;

/** Why the simulated Stripe (whose address is on this machine, and no key of an account leads to it) can't serve now, or null. */
export async function standInTrouble({ stripe }: Pick<Config, "stripe">): Promise<string | null> {
  if (stripe.apiBase === null || stripe.apiBase.protocol !== "http:") return null;
  return (await listens(stripe.apiBase)) ? null : "the simulated Stripe can't be reached";
}

function listens({ hostname, port }: URL): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({
      host: hostname.replace(/^\[|\]$/g, ""),
      port: Number(port || 80),
      timeout: ANSWER_WITHIN_MS,
    });
    const settle = (answer: boolean) => {
      socket.destroy();
      resolve(answer);
    };
    socket.once("connect", () => settle(true));
    socket.once("timeout", () => settle(false));
    socket.once("error", () => settle(false));
  });
}
