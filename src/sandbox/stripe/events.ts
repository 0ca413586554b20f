import { z } from "zod";
import type { Stripe } from "../../stripe/types.ts";
import { STRIPE_API_VERSION } from "../../stripe/types.ts";
import { parameterError } from "./errors.ts";
import { newId } from "./ids.ts";
import { list, pageParams } from "./list.ts";
import { boolean, listOf, parseParams, text, timeRange } from "./params.ts";
import { DAY } from "./periods.ts";
import { found, type Routes } from "./routing.ts";
import { settingsOf } from "./settings.ts";
import { inVersion } from "./versions.ts";
import type { Cause, World } from "./world.ts";

/** How far back events can be asked for. https://docs.stripe.com/api/events/list */
const EVENTS_KEPT_FOR = 30 * DAY;

export function buildEvent(
  type: Stripe.Event.Type,
  created: number,
  object: object,
  previous: object | undefined,
  cause: Cause,
  hasEndpoint: boolean,
): Stripe.EventBase {
  return {
    id: newId.event(),
    object: "event",
    api_version: STRIPE_API_VERSION,
    created,
    data: { object, ...(previous === undefined ? {} : { previous_attributes: previous }) },
    livemode: false,
    pending_webhooks: hasEndpoint ? 1 : 0,
    request: { id: cause.id, idempotency_key: cause.idempotency_key },
    type,
  };
}

const listParams = z.strictObject({
  ...pageParams,
  created: timeRange().optional(),
  delivery_success: boolean().optional(),
  type: text().optional(),
  types: listOf(text()).optional(),
});

export const eventRoutes: Routes = {
  "GET /v1/events": (world, { form }) => {
    const params = parseParams(listParams, form);
    if (params.type !== undefined && params.types !== undefined) {
      throw parameterError(null, "You may only specify one of these parameters: type, types.", "type");
    }
    const types = params.types ?? (params.type === undefined ? undefined : [params.type]);
    if (types !== undefined && types.length > 20) throw parameterError(null, "You may list at most 20 types.", "types");
    const oldest = world.now() - EVENTS_KEPT_FOR;
    const page = list(world, "event", "/v1/events", params, {
      created: { from: Math.max(oldest, params.created?.from ?? -Infinity), to: params.created?.to ?? Infinity },
      where: (event) =>
        (types === undefined || types.some((type) => matches(type, event.type))) &&
        (params.delivery_success === undefined ||
          params.delivery_success === (asOfNow(world, event).pending_webhooks === 0)),
    });
    const { events_version: version } = settingsOf(world);
    return { ...page, data: page.data.map((event) => inVersion(world, asOfNow(world, event), version)) };
  },
  "GET /v1/events/:id": (world, { id }) => asOfNow(world, found(world, "event", id)),
};

/** As of now: what was delivered waits for no webhook any more. */
function asOfNow(world: World, event: Stripe.EventBase): Stripe.EventBase {
  const isDelivered = world.store.get("delivery", event.id)?.state === "delivered";
  return isDelivered ? { ...event, pending_webhooks: 0 } : event;
}

/** Forgets what can't be asked for any more, but for what is still being delivered. */
export function pruneEvents(world: World): void {
  const oldest = world.now() - EVENTS_KEPT_FOR;
  for (const event of world.store.inOrder("event", { newestFirst: false })) {
    if (event.created >= oldest) return;
    if (event.pending_webhooks > 0 && world.store.get("delivery", event.id) === undefined) continue;
    world.store.delete("event", event.id);
    world.store.delete("delivery", event.id);
  }
}

/** `charge.*` stands for every type that begins so. */
function matches(wanted: string, type: string): boolean {
  return wanted === type || wanted === "*" || (wanted.endsWith(".*") && type.startsWith(wanted.slice(0, -1)));
}
