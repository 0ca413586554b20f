import { setTimeout as sleep } from "node:timers/promises";
import fc from "fast-check";
import { sql } from "kysely";
import type { Deps } from "../../../src/deps.ts";
import { deriveDirty } from "../../../src/donations/settle.ts";
import { processInbox } from "../../../src/inbox/process.ts";
import { claimEvents } from "../../../src/inbox/store.queries.ts";
import { backfill } from "../../../src/ledger/backfill/backfill.ts";
import { syncLedger } from "../../../src/ledger/sync.ts";
import { claimRefetches } from "../../../src/mirror/refetch.queries.ts";
import { refetchDue } from "../../../src/mirror/refetch.ts";
import { arrange, seededRandom } from "../../../src/sandbox/stripe/arrange.ts";
import type { SentEvent } from "../history.ts";
import type { World } from "../world.ts";

/** How a history reaches the service. */
export interface Delivery {
  readonly seed: number;
  /** How often Stripe sends each event. */
  readonly copies: number;
  /** In how many parts they come, with the ledger pulled between them. */
  readonly waves: number;
  /** Of a hundred events, how many never arrive; a backfill makes that good. */
  readonly lost: number;
  /** Of a hundred events, how many come in another API version. */
  readonly foreign: number;
  readonly workers: number;
  /** How many connections are cut off in the middle of what they do. */
  readonly kills: number;
  /** Milliseconds, at most, for which a transaction lingers where others may run into it. */
  readonly lingers: number;
}

const some = (...values: number[]) => fc.constantFrom(...values);

export const deliveries: fc.Arbitrary<Delivery> = fc.record({
  seed: fc.nat({ max: 1_000_000 }),
  copies: some(1, 1, 2, 3),
  waves: some(1, 2, 3),
  lost: some(0, 0, 0, 10, 40),
  foreign: some(0, 0, 15),
  workers: some(1, 2, 3),
  kills: some(0, 5, 20),
  lingers: some(0, 10, 30),
});

export interface Plan {
  /** What arrives, in this order. */
  readonly told: readonly SentEvent[];
  /** Objects that are or may be fetched: they are dated by that. */
  readonly fetched: ReadonlySet<string>;
}

export function planOf(events: readonly SentEvent[], how: Delivery): Plan {
  const random = seededRandom(how.seed);
  const fetched = new Set<string>();
  const told = events.flatMap((event) => {
    const [isLost, isForeign] = [random() * 100 < how.lost, random() * 100 < how.foreign];
    if (isLost || isForeign) fetched.add(event.data.object.id);
    return isLost ? [] : [isForeign ? asHint(event) : event];
  });
  // A backfill asks for everything.
  if (how.lost > 0) for (const event of events) fetched.add(event.data.object.id);
  return { told: arrange(told, "shuffle", how.seed, how.copies), fetched };
}

/** Tells the world a history, the hard way, and lets it settle. */
export async function deliver(world: World, { told }: Plan, how: Delivery): Promise<void> {
  const random = seededRandom(how.seed + 1);
  if (how.lingers > 0) await linger(world, how.lingers);
  const size = Math.max(1, Math.ceil(told.length / how.waves));
  for (let from = 0; from < told.length; from += size) {
    await wave(world, told.slice(from, from + size), how, random);
  }
  await leasesLapse(world);
  if (how.lingers > 0) await sql`drop function linger cascade`.execute(world.db);
  // Until what was lost is made good, some payments wait for a charge that nobody told of.
  if (how.lost > 0) {
    await again(world.step);
    await backfill(world.workers[0], { since: new Date("2020-01-01T00:00:00Z") });
  }
  await world.settle();
}

async function linger(world: World, ms: number): Promise<void> {
  await sql`
    create function linger() returns trigger language plpgsql as $$
    begin
      perform pg_sleep(random() * ${sql.lit(ms / 1000)});
      return null;
    end $$
  `.execute(world.db);
  for (const [index, when] of STAGES.entries()) {
    await sql`
      create trigger ${sql.ref(`linger_${index}`)} ${sql.raw(when)} for each statement execute function linger()
    `.execute(world.db);
  }
}

/** An object is written and not committed; its mark is taken and nothing read; the donation is read and nothing written. */
const STAGES = ["after insert on dirty_objects", "after delete on dirty_objects", "before update on donations"];

/** As an endpoint of another version gets it: what it says of the object can't be read. */
function asHint(event: SentEvent): SentEvent {
  const { id, object } = event.data.object;
  return { ...event, api_version: "2019-12-03", data: { object: { id, object, total: "not as it is now" } } };
}

async function wave(world: World, events: readonly SentEvent[], how: Delivery, random: () => number): Promise<void> {
  let over = false;
  const running = world.workers.map((worker) => work(worker, () => over));
  const killer = kill(world, Math.ceil(how.kills / how.waves), random, () => over);
  try {
    const waiting = [...events];
    const send = async () => {
      for (let event = waiting.shift(); event !== undefined; event = waiting.shift()) await post(world, event);
    };
    await Promise.all(Array.from({ length: 4 }, send));
    if (how.kills > 0) await abandon(world);
  } finally {
    over = true;
    await Promise.all([...running, killer]);
  }
  await leasesLapse(world);
  await again(() => syncLedger(world.workers[0]));
}

/** A pool may hand out a connection that has just been cut off, once or twice. */
async function again(act: () => Promise<unknown>): Promise<void> {
  for (let attempt = 0; ; attempt++) {
    try {
      await act();
      return;
    } catch (error) {
      if (attempt === 10) throw error;
      await sleep(20);
    }
  }
}

/** As Stripe does: again until it is acknowledged. */
async function post(world: World, event: SentEvent): Promise<void> {
  for (let attempt = 0; attempt < 50; attempt++) {
    const status = await world.post(event).catch(() => 0);
    if (status === 200) return;
    if (status >= 400 && status < 500) throw new Error(`An event was answered with ${status}.`);
    await sleep(5);
  }
  throw new Error("An event was not acknowledged fifty times.");
}

/** Goes on whatever fails, as the loops of a process do. */
async function work(worker: Deps, isOver: () => boolean): Promise<void> {
  const steps = [processInbox, deriveDirty, refetchDue, syncLedger] as const;
  for (let turn = 0; !isOver(); turn++) {
    let found = 0;
    // The last two call Stripe: they are due now and then.
    for (const step of turn % 7 === 0 ? steps : steps.slice(0, 2)) {
      found += await Promise.resolve(step(worker))
        .then((done) => (typeof done === "number" ? done : 0))
        .catch(() => 0);
    }
    if (found === 0) await sleep(2);
  }
}

/** What a worker had claimed when its process ended. */
async function abandon(world: World): Promise<void> {
  await claimEvents(world.db, 5);
  await sql`update refetches set due_at = clock_timestamp()`.execute(world.db);
  await claimRefetches(world.db, 2);
}

/** Ends connections of workers and of the webhook in the middle of a statement or between two of a transaction. */
async function kill(world: World, times: number, random: () => number, isOver: () => boolean): Promise<void> {
  for (let done = 0; done < times && !isOver(); ) {
    await sleep(1 + random() * 8);
    const { rows } = await sql<{ killed: boolean }>`
      select pg_terminate_backend(pid) as killed from pg_stat_activity
      where datname = current_database() and application_name like 'reader-donations%' and state <> 'idle'
      order by random() limit 1
    `.execute(world.db);
    done += rows.length;
  }
}

/** Time passes until whoever died no longer holds anything. */
async function leasesLapse(world: World): Promise<void> {
  // The pools hear of connections that were cut off while they were idle.
  await sleep(20);
  await sql`update stripe_events set due_at = clock_timestamp() where state = 'received'`.execute(world.db);
  await sql`update refetches set due_at = clock_timestamp()`.execute(world.db);
  await sql`update cursors set lease_until = '-infinity'`.execute(world.db);
}
