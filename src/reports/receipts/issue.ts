import { inTransaction } from "../../db/transaction.ts";
import type { Deps } from "../../deps.ts";
import type { NewsroomConfig } from "../../newsroom.ts";
import { localDate, periodStart } from "../../shared/period.ts";
import { entityOf, firstWithoutReceipt, lockCounter, numberPayments } from "./issue.queries.ts";

/** Numbers given out in one transaction: others wait for so many, and a kill loses none. */
const BATCH = 1000;

export interface Issued {
  /** Of the numbers: the year in which the payments were booked. */
  readonly year: number;
  readonly count: number;
}

/**
 * Gives every settled payment that was booked in the span, and has none, the next receipt number of its year. Numbers have no gaps: those of a
 * batch, their counter and their receipts are stored in one transaction. Any number of processes may do this at once.
 * @returns how many of each year, the first year first
 */
export async function issueReceipts(
  deps: Pick<Deps, "db" | "newsroom" | "now">,
  span: { readonly start: Date; readonly end: Date },
): Promise<readonly Issued[]> {
  const timeZone = deps.newsroom().time_zone;
  const issued = new Map<number, number>();
  let { start } = span;
  for (;;) {
    const first = await firstWithoutReceipt(deps.db, { start, end: span.end });
    if (first === null) return [...issued].map(([year, count]) => ({ year, count }));
    const year = Number(localDate(first, timeZone).slice(0, 4));
    const yearEnds = periodStart(`${year + 1}-01-01`, timeZone);
    const end = yearEnds < span.end ? yearEnds : span.end;
    const count = await issueBatch(deps, { start: first, end, year, timeZone, entity: deps.newsroom().legal_entity });
    issued.set(year, (issued.get(year) ?? 0) + count);
    start = first;
  }
}

interface YearPart {
  readonly start: Date;
  readonly end: Date;
  readonly year: number;
  readonly timeZone: string;
  readonly entity: NewsroomConfig["legal_entity"];
}

async function issueBatch({ db, now }: Pick<Deps, "db" | "now">, part: YearPart): Promise<number> {
  return await inTransaction(db, async (trx) => {
    const entity = await entityOf(trx, part.entity, now());
    const last = await lockCounter(trx, entity.series, part.year);
    return await numberPayments(trx, { ...part, entity, last, now: now(), limit: BATCH });
  });
}
