import type { Kysely } from "kysely";
import type { DB } from "../../db/schema.ts";
import { fetchWanted } from "./fetch-wanted.ts";
import { NAMED_LINKS, named, type Scope, UNFINISHED_KINDS, unfinished, type Wanted } from "./related.queries.ts";
import type { Run } from "./walk.ts";

const BATCH = 100;
/** A refund names a charge, that names a PaymentIntent, that an invoice payment names: no chain is longer than this. */
const ROUNDS = 8;

type Query = (db: Kysely<DB>, scope: Scope, after: string, limit: number) => Promise<readonly Wanted[]>;

/** Fetches what was made before the period and wasn't at its end when it was last seen. */
export async function fetchUnfinished(run: Run): Promise<void> {
  for (const kind of UNFINISHED_KINDS) {
    await fetchAll(run, (db, scope, after, limit) => unfinished(db, kind, scope, after, limit));
  }
}

/** Fetches what objects name and the mirror lacks, until nothing new is named. */
export async function fetchNamed(run: Run): Promise<void> {
  for (let round = 0; round < ROUNDS; round++) {
    const before = run.tried.size;
    for (const link of NAMED_LINKS) {
      await fetchAll(run, (db, scope, after, limit) => named(db, link, scope, after, limit));
    }
    if (run.tried.size === before) return;
  }
}

async function fetchAll(run: Run, query: Query): Promise<void> {
  const scope = { since: run.since, seenAfter: run.seenAfter };
  let after = "";
  for (;;) {
    const wanted = await run.sink.ask((db) => query(db, scope, after, BATCH));
    const last = wanted.at(-1);
    if (last === undefined) return;
    const snapshots = await fetchWanted(run, wanted);
    if (snapshots.length > 0) await run.sink.put(snapshots);
    after = last.id;
  }
}
