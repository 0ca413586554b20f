import type { NewsroomConfig } from "../newsroom.ts";

type RampRule = NewsroomConfig["mail"]["ramp"];

/** How far a template has come; instants in milliseconds of the database's clock. */
export interface Ramp {
  readonly sent: number;
  /** When the latest have gone, oldest first; no more of them than may go in a minute. */
  readonly recent: readonly number[];
  /** The minute in which those that have to wait are given places now, and how many it has given. */
  readonly placeAt: number;
  readonly places: number;
}

export type RampStep =
  | { readonly goes: true; readonly ramp: Ramp }
  /** It asks again at its place: what was sent meanwhile decides whether there is room then. */
  | { readonly goes: false; readonly ramp: Ramp; readonly waitMs: number };

const MINUTE_MS = 60_000;

/** Whether the first mails of a template are still being counted. */
export function isRamping(sent: number, rule: RampRule): boolean {
  return sent < rule.first;
}

/**
 * One mail of a new template wants to go: at most `per_minute` of them do so in any sixty seconds, until `first` have gone. Those that have
 * to wait are spread over the minutes to come, but none later than when the slow start will be over.
 */
export function rampStep(ramp: Ramp, rule: RampRule, now: number): RampStep {
  const recent = ramp.recent.filter((at) => at > now - MINUTE_MS).slice(-rule.per_minute);
  const [oldest] = recent;
  if (recent.length < rule.per_minute || oldest === undefined) {
    return { goes: true, ramp: { ...ramp, sent: ramp.sent + 1, recent: [...recent, now] } };
  }
  const room = oldest + MINUTE_MS;
  const over = room + Math.ceil((rule.first - ramp.sent) / rule.per_minute) * MINUTE_MS;
  const place = nextPlace(ramp, room, rule);
  return { goes: false, ramp: { ...ramp, recent, ...place }, waitMs: Math.min(place.placeAt, over) - now };
}

function nextPlace(ramp: Ramp, room: number, rule: RampRule): Pick<Ramp, "placeAt" | "places"> {
  if (ramp.placeAt < room) return { placeAt: room, places: 1 };
  if (ramp.places < rule.per_minute) return { placeAt: ramp.placeAt, places: ramp.places + 1 };
  return { placeAt: ramp.placeAt + MINUTE_MS, places: 1 };
}
