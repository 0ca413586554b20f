import type { Transaction } from "kysely";
import type { DB } from "../../db/schema.ts";
import type { NewsroomConfig } from "../../newsroom.ts";
import type { Period } from "../../shared/period.ts";
import type { SummaryLine } from "../close/lines.ts";
import type { Accounts } from "../journal/entries.ts";
import { closingText } from "./closing-text.ts";
import {
  balanceFile,
  correctionsFile,
  differencesFile,
  disputesFile,
  journalEntriesFile,
  journalFile,
  paymentsFile,
  payoutLinesFile,
  payoutsFile,
  receiptsFile,
  reconciliationFile,
  refundsFile,
  summaryFile,
} from "./files.ts";
import type { ReceiptCounter } from "./receipts.queries.ts";

/** What a file of the evidence is made from, all of it as of one moment. */
export interface EvidenceScope {
  readonly trx: Transaction<DB>;
  readonly month: string;
  readonly period: Period;
  readonly timeZone: string;
  readonly closedAt: Date;
  readonly closedBy: string;
  readonly reason: string | null;
  /** What stood against closing and was signed for, in sentences. */
  readonly signedFor: readonly string[];
  /** The comparison with Stripe that the closing rests on; null when that was signed for. */
  readonly reconciliationRun: string | null;
  readonly entity: NewsroomConfig["legal_entity"];
  /** The summary's rows as they are frozen with this month. */
  readonly summary: readonly SummaryLine[];
  /** With which the month's journal was frozen. */
  readonly accounts: Accounts;
  /** How many receipts had been issued when the month before was closed; null when that isn't known. */
  readonly countersBefore: readonly ReceiptCounter[] | null;
}

export interface EvidenceFile {
  readonly name: string;
  /** Whole lines, as much at a time as may be held in memory. */
  readonly write: (scope: EvidenceScope) => AsyncIterable<string>;
}

/** What an auditor is given of a month. A further report is one more entry. */
export const EVIDENCE: readonly EvidenceFile[] = [
  { name: "closing.txt", write: closingText },
  { name: "summary.csv", write: summaryFile },
  { name: "corrections.csv", write: correctionsFile },
  { name: "payments.csv", write: paymentsFile },
  { name: "balance.csv", write: balanceFile },
  { name: "journal.csv", write: journalFile },
  { name: "journal_entries.csv", write: journalEntriesFile },
  { name: "payouts.csv", write: payoutsFile },
  { name: "payout_lines.csv", write: payoutLinesFile },
  { name: "refunds.csv", write: refundsFile },
  { name: "disputes.csv", write: disputesFile },
  { name: "reconciliation.csv", write: reconciliationFile },
  { name: "differences.csv", write: differencesFile },
  { name: "receipts.csv", write: receiptsFile },
];
