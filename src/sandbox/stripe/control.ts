import { z } from "zod";
import type { Reply } from "./api.ts";
import { StripeError } from "./errors.ts";
import type { StripeStandIn } from "./server.ts";

const DAY_MS = 86_400_000;

const advanceBody = z.strictObject({
  milliseconds: z.int().min(0).default(0),
  days: z.number().min(0).max(3660).default(0),
});
const releaseBody = z.strictObject({
  order: z.enum(["in_order", "reverse", "shuffle"]).default("in_order"),
  seed: z.int().optional(),
  copies: z.int().min(1).max(20).optional(),
});
const target = { times: z.int().min(1).optional(), path: z.string().optional() };
const faultBody = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("status"), status: z.int().min(400).max(599), ...target }),
  z.strictObject({ kind: z.enum(["hang", "cut", "not_json", "after_effect_cut", "replayed_500"]), ...target }),
]);
const webhookBody = z.union([
  z.null(),
  z.strictObject({ url: z.url(), secret: z.string().min(1), api_version: z.string().min(10).optional() }),
]);
const clockBody = z.strictObject({ frozen: z.boolean() });

/** The controls of the stand-in over HTTP, for other processes: JSON in, JSON out. */
export async function controlReply(standIn: StripeStandIn, method: string, path: string, body: string): Promise<Reply> {
  try {
    const sent: unknown = body === "" ? {} : JSON.parse(body);
    const name = path.slice("/_sandbox".length);
    const done = standIn.control(method, name, sent) ?? (await control(standIn, `${method} ${name}`, sent));
    return done === undefined
      ? json(404, { error: `The simulated Stripe has no control ${method} ${path}.` })
      : json(200, done);
  } catch (error) {
    if (error instanceof SyntaxError) return json(400, { error: "The body must be JSON." });
    if (error instanceof StripeError) return json(error.status, { error: error.message });
    if (error instanceof z.ZodError) return json(400, { error: z.prettifyError(error) });
    throw error;
  }
}

async function control(standIn: StripeStandIn, what: string, sent: unknown): Promise<object | undefined> {
  switch (what) {
    case "POST /advance": {
      const { days, milliseconds } = advanceBody.parse(sent);
      return standIn.advance(Math.round(days * DAY_MS) + milliseconds);
    }
    case "GET /deliveries":
      return { deliveries: standIn.deliveries.list() };
    case "POST /deliveries/hold":
      standIn.deliveries.hold();
      return { held: true };
    case "POST /deliveries/release": {
      const { order, seed, copies } = releaseBody.parse(sent);
      await standIn.deliveries.release(order, withoutUndefined({ seed, copies }));
      return { held: false };
    }
    case "POST /deliveries/settled":
      await standIn.settled();
      return { settled: true };
    case "POST /fail":
      standIn.failNext(withoutUndefined(faultBody.parse(sent)) as Parameters<StripeStandIn["failNext"]>[0]);
      return { ok: true };
    case "GET /requests":
      return { requests: standIn.requests.list() };
    case "POST /webhook":
      standIn.setWebhook(endpointOf(webhookBody.parse(sent)));
      return { ok: true };
    case "POST /clock":
      return standIn.freeze(clockBody.parse(sent).frozen);
    default:
      return undefined;
  }
}

function endpointOf(sent: z.output<typeof webhookBody>) {
  if (sent === null) return null;
  const { api_version: apiVersion, ...endpoint } = sent;
  return apiVersion === undefined ? endpoint : { ...endpoint, apiVersion };
}

function withoutUndefined<T extends object>(from: T): { [K in keyof T]: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(from).filter(([, value]) => value !== undefined)) as never;
}

function json(status: number, body: object): Reply {
  return {
    status,
    headers: { "Content-Type": "application/json", "Cache-Control": "no-store" },
    body: JSON.stringify(body),
  };
}
