import type { Kysely } from "kysely";
import type { DB } from "../db/schema.ts";
import { insertEvents, type NewEvent } from "./store.queries.ts";

/** Events in one statement at most: a payload is some kilobytes. */
const BATCH = 256;
/** Statements under way at once: a second one uses the time in which the first waits for the disk. */
const CONCURRENT = 2;

interface Waiting {
  readonly event: NewEvent;
  readonly done: () => void;
  readonly failed: (error: unknown) => void;
}

/**
 * Keeps events; resolves once the event is committed. Events that arrive while a statement is under way share the next one, so a
 * burst costs a commit per batch and a lone event waits for nobody.
 */
export function createInboxWriter(db: Kysely<DB>): (event: NewEvent) => Promise<void> {
  const queue: Waiting[] = [];
  let running = 0;

  return (event) =>
    new Promise((done, failed) => {
      queue.push({ event, done, failed });
      if (running < CONCURRENT) void run();
    });

  async function run(): Promise<void> {
    running += 1;
    while (queue.length > 0) await flush(queue.splice(0, BATCH));
    running -= 1;
  }

  async function flush(batch: readonly Waiting[]): Promise<void> {
    try {
      await insertEvents(
        db,
        batch.map((waiting) => waiting.event),
      );
      for (const waiting of batch) waiting.done();
    } catch (error) {
      for (const waiting of batch) waiting.failed(error);
    }
  }
}
