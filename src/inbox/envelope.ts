import { AppError } from "../shared/errors.ts";

/** What the inbox reads of an event before it is kept; the rest waits for the worker. */
export interface Envelope {
  readonly id: string;
  readonly type: string;
  readonly api_version: string | null;
  readonly livemode: boolean;
  readonly created: Date;
  readonly object_id: string | null;
}

const NAME = /^[\x21-\x7e]{1,255}$/;
/** Seconds; the end of the year 9999. */
const LATEST = 253_402_300_799;

/** @throws AppError `invalid_request` for a body that is no snapshot event: Stripe shows the detail to whoever set up the endpoint. */
export function readEnvelope(body: Buffer): Envelope {
  const event = parse(body);
  if (event.object === "v2.core.event") {
    throw refusal(
      "This is a thin event. Create the webhook endpoint with snapshot payloads (destination type “webhook”, API v1).",
    );
  }
  const { id, type, api_version, livemode, created, data } = event;
  if (event.object !== "event" || !isName(id) || !isName(type) || typeof livemode !== "boolean" || !isMoment(created)) {
    throw refusal("The body is signed but is no Stripe event.");
  }
  const objectId = record(record(data).object).id;
  return {
    id,
    type,
    api_version: isName(api_version) ? api_version : null,
    livemode,
    created: new Date(created * 1000),
    object_id: isName(objectId) ? objectId : null,
  };
}

export function refusal(detail: string): AppError {
  return new AppError("invalid", "invalid_request", detail);
}

function parse(body: Buffer): Record<string, unknown> {
  try {
    return record(JSON.parse(body.toString("utf8")));
  } catch {
    throw refusal("The body is signed but is no JSON.");
  }
}

function record(value: unknown): Record<string, unknown> {
  return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
}

function isName(value: unknown): value is string {
  return typeof value === "string" && NAME.test(value);
}

function isMoment(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0 && (value as number) <= LATEST;
}
