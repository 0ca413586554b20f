import type { MirrorContext } from "../mirror/kind.ts";
import { type AnyKind, type AnyRow, mirrorKind } from "../mirror/kinds.ts";
import type { Snapshot } from "../mirror/store.ts";
import { STRIPE_API_VERSION } from "../stripe/types.ts";
import { EVENT_TYPES } from "./event-types.ts";
import type { ClaimedEvent } from "./store.queries.ts";

/** What is to be done about an event. */
export type Interpretation =
  | { readonly kind: "snapshot"; readonly snapshot: Snapshot }
  | { readonly kind: "hint"; readonly mirror: AnyKind; readonly id: string; readonly reason: string }
  | { readonly kind: "ignored"; readonly reason: string };

/** @throws when the payload hasn't the shape that its version promises: the event is retried, then dead with that reason */
export function interpret(event: ClaimedEvent, context: MirrorContext): Interpretation {
  const expected = EVENT_TYPES.get(event.type);
  if (expected === undefined) return { kind: "ignored", reason: "the books use no events of this type" };
  const kind = mirrorKind(expected);
  if (kind === null || event.object_id === null) return { kind: "ignored", reason: "it carries no object of ours" };
  const payload = JSON.parse(context.vault.open(event.payload_sealed, `stripe_events.payload_sealed:${event.id}`));
  if (typeof payload.account === "string") {
    return { kind: "ignored", reason: "it is of another account, which is connected to this one" };
  }
  if (event.api_version !== STRIPE_API_VERSION) {
    return {
      kind: "hint",
      mirror: kind,
      id: event.object_id,
      reason: `in API version ${event.api_version ?? "unknown"}`,
    };
  }
  const object: { readonly object?: unknown } = payload.data.object;
  if (object.object !== expected) throw new TypeError("The event's object is of another type than the event promises.");
  const whole = event.type === "customer.deleted" ? { id: event.object_id, object: "customer", deleted: true } : object;
  return { kind: "snapshot", snapshot: { kind, row: rowOf(kind, whole, event.created, context) } };
}

const ABSENT = /^Cannot read properties of (?:undefined|null) \(reading '([\w$]{1,40})'\)$/;

function rowOf(kind: AnyKind, object: object, asOf: Date, context: MirrorContext): AnyRow {
  try {
    return kind.toRow(object, asOf, context);
  } catch (error) {
    const [, column] = (error instanceof TypeError && ABSENT.exec(error.message)) || [];
    if (column === undefined) throw error;
    throw new TypeError(`The ${kind.name} of this event lacks the part that holds ${column}.`, { cause: error });
  }
}
