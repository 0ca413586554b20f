import type { Kysely } from "kysely";
import type { DB } from "../../db/schema.ts";
import { fileNames, fileParts } from "../close/closed.queries.ts";
import { firstDay, nextMonth } from "../close/months.ts";
import { zipOf } from "./zip.ts";

/** The auditor's archive of a closed month, the same bytes each time: nothing in it is made anew. */
export async function* evidenceZip(db: Kysely<DB>, month: string): AsyncGenerator<Uint8Array> {
  const names = await fileNames(db, month);
  const files = names.map((name) => ({ name: `${month}/${name}`, parts: fileParts(db, month, name) }));
  yield* zipOf(files, firstDay(nextMonth(month)));
}
