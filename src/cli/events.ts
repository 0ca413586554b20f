import { parseArgs } from "node:util";
import { deadEventIds, type EventLine, listEvents, replayEvents } from "../inbox/operator.queries.ts";
import { SetupError } from "../shared/errors.ts";
import { argumentFault } from "./argument-fault.ts";
import type { CommandContext, Run } from "./command.ts";

const STATES = ["received", "waiting", "applied", "ignored", "dead"];
const USAGE =
  "Use: events list [--state received|waiting|applied|ignored|dead] [--type TYPE] [--limit N] · events dead · events replay evt_… [evt_…] · events replay --dead";

const NEXT =
  "Look at each object at Stripe (https://dashboard.stripe.com/events/EVENT_ID), mend what keeps it from being applied, then `events replay EVENT_ID`. `reconcile --since DATE --fix` fetches the objects as they are now instead.";

/** `events list|dead|replay`: what has come in, what could not be applied and why, and the same once more. */
export function eventsCommand(args: readonly string[]): Run {
  const { values, positionals } = read(args);
  const [verb, ...ids] = positionals;
  const { state, type, limit, dead } = values;
  const given = { state, type, limit, dead };
  switch (verb) {
    case "list":
      nothingElse(ids, given, ["state", "type", "limit"]);
      if (state !== undefined && !STATES.includes(state))
        throw new SetupError([`--state: expected one of ${STATES.join(", ")}.`]);
      return list({ state: state ?? null, type: type ?? null, limit: limitOf(limit) });
    case "dead":
      nothingElse(ids, given, ["limit"]);
      return listDead(limitOf(limit));
    case "replay":
      nothingElse(dead === true ? ids : [], given, ["dead"]);
      if (dead !== true && ids.length === 0) throw new SetupError([USAGE]);
      return async ({ db }) => await replay(db, dead === true ? await deadEventIds(db) : ids);
    default:
      throw new SetupError([USAGE]);
  }
}

/** A word or a flag that would be ignored may have been meant. */
function nothingElse(words: readonly string[], given: object, flags: readonly string[]): void {
  const others = Object.entries(given).filter(([name, value]) => value !== undefined && !flags.includes(name));
  const unexpected = [...words, ...others.map(([name]) => `--${name}`)];
  if (unexpected.length > 0) throw new SetupError([...unexpected.map((one) => `${one}: is not expected here.`), USAGE]);
}

function list(filter: Parameters<typeof listEvents>[1]): Run {
  return async ({ db }) => print(await listEvents(db, filter));
}

function listDead(limit: number): Run {
  return async ({ db }) => {
    const events = await listEvents(db, { state: "dead", type: null, limit });
    print(events);
    if (events.length > 0) console.error(NEXT);
  };
}

async function replay(db: CommandContext["db"], ids: readonly string[]): Promise<void> {
  const found = await replayEvents(db, ids);
  for (const { id, has_payload } of found) {
    console.log(
      has_payload ? `${id}: due again` : `${id}: its payload was purged; use \`backfill --since\` to fetch the object`,
    );
  }
  const unknown = ids.filter((id) => !found.some((event) => event.id === id));
  if (unknown.length > 0) throw new SetupError(unknown.map((id) => `${id}: is not in the inbox.`));
  if (ids.length === 0) console.log("There is nothing to replay.");
}

function print(events: readonly EventLine[]): void {
  for (const event of events) {
    const parts = [
      event.created.toISOString(),
      event.id,
      event.type,
      event.state,
      event.object_id ?? "-",
      event.reason ?? "",
    ];
    console.log(parts.join("  ").trimEnd());
  }
  console.error(events.length === 0 ? "No events." : `${events.length} event(s).`);
}

function limitOf(text = "50"): number {
  if (!/^[1-9]\d{0,4}$/.test(text)) throw new SetupError(["--limit: expected a whole number from 1 to 99999."]);
  return Number(text);
}

function read(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        state: { type: "string" },
        type: { type: "string" },
        limit: { type: "string" },
        dead: { type: "boolean" },
      },
    });
  } catch (error) {
    throw argumentFault(error, [USAGE]);
  }
}
