import { parseArgs } from "node:util";
import { deadEventIds, type EventLine, listEvents, replayEvents } from "../inbox/operator.queries.ts";
import { SetupError } from "../shared/errors.ts";
import type { CommandContext } from "./command.ts";

const STATES = ["received", "waiting", "applied", "ignored", "dead"];
const USAGE =
  "Use: events list [--state received|waiting|applied|ignored|dead] [--type TYPE] [--limit N] · events dead · events replay evt_… [evt_…] · events replay --dead";

/** `events list|dead|replay`: what has come in, what could not be applied and why, and the same once more. */
export async function eventsCommand({ db }: CommandContext, args: readonly string[]): Promise<void> {
  const { values, positionals } = read(args);
  const [verb, ...ids] = positionals;
  switch (verb) {
    case "list":
      if (values.state !== undefined && !STATES.includes(values.state))
        throw new SetupError([`--state: expected one of ${STATES.join(", ")}.`]);
      print(
        await listEvents(db, { state: values.state ?? null, type: values.type ?? null, limit: limitOf(values.limit) }),
      );
      return;
    case "dead":
      print(await listEvents(db, { state: "dead", type: null, limit: limitOf(values.limit) }));
      return;
    case "replay":
      await replay(db, values.dead ? await deadEventIds(db) : ids);
      return;
    default:
      throw new SetupError([USAGE]);
  }
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

function limitOf(text: string): number {
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
        limit: { type: "string", default: "50" },
        dead: { type: "boolean", default: false },
      },
    });
  } catch (error) {
    throw new SetupError([(error as Error).message, USAGE]);
  }
}
