import type { Kysely } from "kysely";
import type { DB } from "../../db/schema.ts";
import { inTransaction } from "../../db/transaction.ts";
import type { Deps } from "../../deps.ts";
import type { MirrorKindName } from "../../mirror/kind.ts";
import { knownKind } from "../../mirror/kinds.ts";
import { type Snapshot, storeSnapshots } from "../../mirror/store.ts";
import { forgetPositions, type Position, readPositions, savePosition } from "./positions.queries.ts";
import { notSeen, type Wanted } from "./related.queries.ts";

/** What there is to be fetched, behind `after` in the order of ids. */
export type Question = (db: Kysely<DB>, after: string, limit: number) => Promise<readonly Wanted[]>;

/** Where a backfill puts what it has read: into the books, or (dry) into a list of what would change. */
export interface Sink {
  readonly positions: ReadonlyMap<string, Position>;
  /** Stores a page and how far its list has come, together. */
  put(snapshots: readonly Snapshot[], position?: Position): Promise<void>;
  /** The answers of the mirror as it is after all that was put, a page at a time. What is put meanwhile may show in later pages or not at all. */
  answers(questions: readonly Question[]): AsyncIterable<readonly Wanted[]>;
  /** Which of these have not been looked at since `seenAfter`. */
  notSeen(kind: MirrorKindName, ids: readonly string[], seenAfter: Date): Promise<readonly string[]>;
  /** Every list was read to its end. */
  finish(): Promise<void>;
}

/** So many are fetched and stored together. */
const PAGE = 100;

export async function booksSink(deps: Pick<Deps, "db">, since: Date): Promise<Sink> {
  return {
    positions: await readPositions(deps.db, since),
    put: (snapshots, position) =>
      inTransaction(deps.db, async (trx) => {
        await storeSnapshots(trx, snapshots);
        if (position !== undefined) await savePosition(trx, since, position);
      }),
    answers: (questions) => pages(deps.db, questions, PAGE),
    notSeen: (kind, ids, seenAfter) => notSeen(deps.db, knownKind(kind), ids, seenAfter),
    finish: () => forgetPositions(deps.db, since),
  };
}

/** The pages of each question's answer. Every page is asked for when the one before it was dealt with. */
export async function* pages(
  db: Kysely<DB>,
  questions: readonly Question[],
  limit: number,
): AsyncIterable<readonly Wanted[]> {
  for (const question of questions) {
    let after = "";
    for (;;) {
      const page = await question(db, after, limit);
      const last = page.at(-1);
      if (last === undefined) break;
      yield page;
      after = last.id;
    }
  }
}
