import { type Kysely, sql } from "kysely";
import type { DB } from "../../db/schema.ts";

/** How often a form at one place was seen on a day of the reporting time zone. */
export interface ViewCount {
  readonly day: string;
  readonly article: string;
  readonly campaign: string;
  readonly placement: string;
  readonly variant: string;
  readonly shown: number;
  readonly opened: number;
  readonly continued: number;
}

/** Appended as deltas, so that no two views wait for one row; a worker folds them. */
export async function insertViews(db: Kysely<DB>, counts: readonly ViewCount[]): Promise<void> {
  await sql`
    insert into rollup_deltas (generation, part, day, article, campaign, placement, variant, shown, opened, continued)
    select s.generation, 'kept', v.day, v.article, v.campaign, v.placement, v.variant, v.shown, v.opened, v.continued
    from rollup_state s, json_populate_recordset(null::rollup_deltas, ${JSON.stringify(counts)}::json) as v
  `.execute(db);
}
