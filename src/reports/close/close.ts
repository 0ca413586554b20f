import type { Transaction } from "kysely";
import type { DB } from "../../db/schema.ts";
import type { Deps } from "../../deps.ts";
import type { NewsroomConfig } from "../../newsroom.ts";
import type { Period } from "../../shared/period.ts";
import { freezeFiles } from "../evidence/freeze-files.ts";
import { countReceipts, type ReceiptCounter, receiptCounters } from "../evidence/receipts.queries.ts";
import { freezeJournal } from "../journal/freeze.ts";
import { issueReceipts } from "../receipts/issue.ts";
import { readSummary } from "../summary.queries.ts";
import {
  type ClosedMonth,
  closedMonths,
  freezeRows,
  frozenRows,
  insertClosedMonth,
  waitForOthers,
} from "./closed.queries.ts";
import { foldYears, inOrder, line, type SummaryLine } from "./lines.ts";
import { periodOfDays, periodOfMonth } from "./months.ts";
import { comparisonOf } from "./obstacles.queries.ts";
import { type Obstacle, obstacles } from "./obstacles.ts";
import { closedYears, outstandingCorrections, summaryReport } from "./summary-report.ts";

type CloseDeps = Pick<Deps, "db" | "newsroom" | "now"> & {
  /** What of the month's books isn't what mirror and ledger say. */
  readonly altered: (month: string, period: Period) => Promise<readonly Obstacle[]>;
};

/** Who closes a month, and why in spite of what stands against it. */
export interface Signature {
  readonly by: string;
  /** Without one nothing is overridden. */
  readonly reason: string | null;
}

export interface Closed {
  readonly month: ClosedMonth;
  readonly summary: readonly SummaryLine[];
  /** How many are in the month's evidence: of what was booked in it, and of earlier payments that got theirs since the last closing. */
  readonly receipts: number;
}

/** Nothing was frozen. */
export class CloseRefused extends Error {
  readonly obstacles: readonly Obstacle[];

  constructor(against: readonly Obstacle[]) {
    super(against.map((one) => one.message).join("\n"));
    this.name = "CloseRefused";
    this.obstacles = against;
  }
}

/**
 * Closes a month: issues the receipts of its payments, then freezes its figures and its journal, the corrections of earlier months that are known by now, and the
 * auditor's files, all as of one moment. Closed twice at once, one is refused.
 * @param month YYYY-MM, in the newsroom's time zone
 * @throws CloseRefused with everything that stands against it and isn't signed for
 */
export async function closeMonth(deps: CloseDeps, month: string, signature: Signature): Promise<Closed> {
  const newsroom = deps.newsroom();
  const period = periodOfMonth(month, newsroom.time_zone);
  const altered = await deps.altered(month, period);
  const wanted: Wanted = { month, period, newsroom, now: deps.now(), signature, altered };
  const before = await closedMonths(deps.db);
  signedFor(await against(deps.db, wanted, before), signature);
  await issueReceipts(deps, { start: before[0]?.starts_at ?? period.start, end: period.end });
  return await deps.db
    .transaction()
    .setIsolationLevel("repeatable read")
    .execute(async (trx) => await freeze(trx, wanted));
}

interface Wanted {
  readonly month: string;
  readonly period: Period;
  readonly newsroom: NewsroomConfig;
  readonly now: Date;
  readonly signature: Signature;
  readonly altered: readonly Obstacle[];
}

async function against(
  db: CloseDeps["db"],
  { month, period, newsroom, now, altered }: Wanted,
  closed: readonly ClosedMonth[],
): Promise<readonly Obstacle[]> {
  const found = await obstacles(db, { month, period, timeZone: newsroom.time_zone, now, closed });
  return found.some((one) => !one.signable) ? found : [...found, ...altered];
}

/** @returns what was signed for */
function signedFor(found: readonly Obstacle[], { reason }: Signature): readonly Obstacle[] {
  if (found.length > 0 && (reason === null || found.some((one) => !one.signable))) throw new CloseRefused(found);
  return found;
}

async function freeze(trx: Transaction<DB>, wanted: Wanted): Promise<Closed> {
  const { month, period, newsroom, now, signature } = wanted;
  const timeZone = newsroom.time_zone;
  await waitForOthers(trx);
  const closed = await closedMonths(trx);
  const signed = signedFor(await against(trx, wanted, closed), signature);
  const run = await comparisonOf(trx, period);
  const summary = await freezeSummary(trx, wanted, closed);
  await freezeJournal(trx, month, { period, timeZone, accounting: newsroom.accounting });
  const countersBefore = await freezeCounters(trx, month, closed.at(-1)?.month);
  const sha256 = await freezeFiles({
    trx,
    month,
    period,
    timeZone,
    closedAt: now,
    closedBy: signature.by,
    reason: signature.reason,
    signedFor: signed.map((one) => one.message),
    reconciliationRun: run,
    entity: newsroom.legal_entity,
    summary,
    accounts: newsroom.accounting.accounts,
    countersBefore,
  });
  const row: ClosedMonth = {
    month,
    time_zone: timeZone,
    starts_at: period.start,
    ends_at: period.end,
    closed_at: now,
    closed_by: signature.by,
    reason: signature.reason,
    overrode: signed.map((one) => one.code),
    reconciliation_run: run,
    sha256,
  };
  await insertClosedMonth(trx, row);
  return { month: row, summary, receipts: await countReceipts(trx, period, { closedAt: now, countersBefore }) };
}

/** @returns the counters that were frozen with the month before */
async function freezeCounters(
  trx: Transaction<DB>,
  month: string,
  before: string | undefined,
): Promise<readonly ReceiptCounter[] | null> {
  const counters = await receiptCounters(trx);
  const kept = { correction_of: null, counters };
  await freezeRows(trx, month, "receipt_counters", [kept]);
  if (before === undefined) return null;
  const [frozen] = await frozenRows<{ readonly counters: readonly ReceiptCounter[] }>(trx, "receipt_counters", [
    before,
  ]);
  return frozen?.row.counters ?? null;
}

async function freezeSummary(
  trx: Transaction<DB>,
  { month, period, newsroom }: Wanted,
  closed: readonly ClosedMonth[],
): Promise<readonly SummaryLine[]> {
  const timeZone = newsroom.time_zone;
  const own = (await readSummary(trx, period, "month", timeZone)).map((row) => line(row, true));
  const mended = (await outstandingCorrections(trx, closed)).map((row) => ({ ...row, closed: true }));
  const rows = inOrder([...own, ...mended]);
  const year = month.slice(0, 4);
  if (closedYears([...closed, { month }]).includes(year) && month.endsWith("-12")) {
    const eleven = await summaryReport(trx, periodOfDays(`${year}-01-01`, period.from, timeZone), "month", timeZone);
    const counted = await readSummary(trx, periodOfDays(`${year}-01-01`, period.to, timeZone), "year", timeZone);
    const lines = foldYears([...eleven, ...rows], counted).map((row) => ({ ...row, closed: true }));
    await freezeRows(trx, month, "summary_year", lines);
  }
  await freezeRows(trx, month, "summary", rows);
  return rows;
}
