import type { Kysely } from "kysely";
import { expect } from "vitest";
import type { DB } from "../../src/db/schema.ts";
import { checkRollups, type RollupDifference } from "../../src/reports/rollups/check.queries.ts";

/** What the rollups and a recount disagree on. @throws when there are no rollups to compare */
export async function rollupDifferences(
  db: Kysely<DB>,
  timeZone = "Europe/Berlin",
): Promise<readonly RollupDifference[]> {
  const differences: RollupDifference[] = [];
  const compared = await checkRollups(db, timeZone, (difference) => differences.push(difference));
  expect(compared, `rollups for ${timeZone}`).toBe(true);
  return differences;
}
