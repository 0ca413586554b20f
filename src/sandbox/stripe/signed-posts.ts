import { createHmac } from "node:crypto";
import { Agent as HttpAgent, request as httpRequest } from "node:http";
import { Agent as HttpsAgent, request as httpsRequest } from "node:https";

export interface Webhook {
  readonly url: string;
  readonly secret: string;
  /** The version that this endpoint's events are rendered in; the newest unless given. */
  readonly apiVersion?: string;
}

const TIMEOUT_MS = 20_000;

/** Posts payloads with Stripe's signature over connections that are kept. */
export class SignedPosts {
  readonly #http = new HttpAgent({ keepAlive: true });
  readonly #https = new HttpsAgent({ keepAlive: true });

  /** The status of the answer; 0 when there was none. */
  send(webhook: Webhook, payload: string): Promise<number> {
    const url = new URL(webhook.url);
    const secure = url.protocol === "https:";
    const body = Buffer.from(payload);
    const headers = {
      Accept: "*/*",
      "Content-Type": "application/json; charset=utf-8",
      "Content-Length": body.length,
      "User-Agent": "Stripe/1.0 (+https://stripe.com/docs/webhooks)",
      "Stripe-Signature": signatureOf(payload, webhook.secret),
    };
    return new Promise((resolve) => {
      const send = secure ? httpsRequest : httpRequest;
      const agent = secure ? this.#https : this.#http;
      const request = send(url, { method: "POST", headers, agent, timeout: TIMEOUT_MS }, (response) => {
        response.resume();
        response.on("end", () => resolve(response.statusCode ?? 0));
        response.on("error", () => resolve(0));
      });
      request.on("timeout", () => request.destroy());
      request.on("error", () => resolve(0));
      request.end(body);
    });
  }

  close(): void {
    this.#http.destroy();
    this.#https.destroy();
  }
}

/** By the wall clock, not the stand-in's: receivers refuse what is older than five minutes. */
function signatureOf(payload: string, secret: string): string {
  const time = Math.floor(Date.now() / 1000);
  return `t=${time},v1=${createHmac("sha256", secret).update(`${time}.${payload}`).digest("hex")}`;
}
