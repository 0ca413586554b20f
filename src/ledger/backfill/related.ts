import { fetchWanted } from "./fetch-wanted.ts";
import { NAMED_LINKS, named, UNFINISHED_KINDS, unfinished } from "./related.queries.ts";
import type { Question } from "./sink.ts";
import type { Run } from "./walk.ts";

/** A refund names a charge, that names a PaymentIntent, that an invoice payment names: no chain is longer than this. */
const ROUNDS = 8;

/** Fetches what was made before the period and wasn't at its end when it was last seen. */
export async function fetchUnfinished(run: Run): Promise<void> {
  await fetchAll(
    run,
    UNFINISHED_KINDS.map((kind) => (db, after, limit) => unfinished(db, kind, run, after, limit)),
  );
}

/** Fetches what objects name and the mirror lacks, until nothing new is named. */
export async function fetchNamed(run: Run): Promise<void> {
  for (let round = 0; round < ROUNDS; round++) {
    const before = run.tried.size;
    await fetchAll(
      run,
      NAMED_LINKS.map((link) => (db, after, limit) => named(db, link, run, after, limit)),
    );
    if (run.tried.size === before) return;
  }
}

async function fetchAll(run: Run, questions: readonly Question[]): Promise<void> {
  for await (const wanted of run.sink.answers(questions)) {
    const snapshots = await fetchWanted(run, wanted);
    if (snapshots.length > 0) await run.sink.put(snapshots);
  }
}
