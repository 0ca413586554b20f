import type { Transaction } from "kysely";
import type { DB } from "../db/schema.ts";
import { inTransaction } from "../db/transaction.ts";
import type { Deps } from "../deps.ts";
import { mirrorContext } from "../mirror/kind.ts";
import { askAgain, isKnownSince } from "../mirror/refetch.queries.ts";
import { storeSnapshots } from "../mirror/store.ts";
import { describeError } from "../shared/describe-error.ts";
import { type Interpretation, interpret } from "./interpret.ts";
import { type ClaimedEvent, claimEvents, type Finished, finishEvents } from "./store.queries.ts";

const BATCH = 250;
/** With the growing pauses between them, some five hours: after that someone has to look. */
const ATTEMPTS = 12;

type InboxDeps = Pick<Deps, "db" | "log" | "newsroom" | "vault">;

interface Read {
  readonly event: ClaimedEvent;
  readonly interpretation: Interpretation;
}

/** Applies a batch of due events to the mirror. @returns how many were claimed */
export async function processInbox(deps: InboxDeps): Promise<number> {
  const events = await claimEvents(deps.db, BATCH);
  if (events.length === 0) return 0;
  try {
    await apply(
      deps,
      events.map((event) => read(deps, event)),
    );
  } catch {
    for (const event of events) await applyAlone(deps, event);
  }
  return events.length;
}

/** One event that can't be applied must not hold up the others of its batch. */
async function applyAlone(deps: InboxDeps, event: ClaimedEvent): Promise<void> {
  try {
    await apply(deps, [read(deps, event)]);
  } catch (error) {
    const dead = event.attempts >= ATTEMPTS;
    deps.log[dead ? "error" : "warn"](
      { event_id: event.id, type: event.type, attempts: event.attempts, err: error },
      dead
        ? "an event is dead: look at it with `events dead`, then `events replay`"
        : "an event could not be applied yet",
    );
    await finishEvents(deps.db, [{ id: event.id, state: dead ? "dead" : "received", reason: reasonOf(error) }]);
  }
}

function read(deps: InboxDeps, event: ClaimedEvent): Read {
  return { event, interpretation: interpret(event, mirrorContext(deps)) };
}

async function apply(deps: InboxDeps, batch: readonly Read[]): Promise<void> {
  await inTransaction(deps.db, async (trx) => {
    const snapshots = batch.flatMap(({ interpretation }) =>
      interpretation.kind === "snapshot" ? [interpretation.snapshot] : [],
    );
    await storeSnapshots(trx, snapshots);
    const finished: Finished[] = [];
    for (const one of batch) finished.push(await finish(trx, one));
    await finishEvents(trx, finished);
  });
}

async function finish(trx: Transaction<DB>, { event, interpretation }: Read): Promise<Finished> {
  const { id, created } = event;
  switch (interpretation.kind) {
    case "snapshot":
      return { id, state: "applied", reason: null };
    case "hint": {
      const { mirror, reason } = interpretation;
      if (await isKnownSince(trx, mirror.table, interpretation.id, created)) {
        return { id, state: "applied", reason: `${reason}: the object was fetched in ours` };
      }
      await askAgain(trx, mirror.name, [interpretation.id], reason);
      return { id, state: "waiting", reason: `${reason}: the object is fetched in ours` };
    }
    case "ignored":
      return { id, state: "ignored", reason: interpretation.reason };
  }
}

/** Only what can't quote the payload. */
function reasonOf(error: unknown): string {
  const { type, message, code } = describeError(error);
  return [type, code, message].filter(Boolean).join(": ").slice(0, 200);
}
