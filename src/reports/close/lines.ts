import { FREQUENCIES } from "../../newsroom.ts";
import { assertSafe } from "../../shared/money.ts";
import type { SummaryRow } from "../summary.queries.ts";

/** A row of the summary, or a line that mends an earlier month which is closed. */
export interface SummaryLine extends SummaryRow {
  /** Whether these figures are frozen. */
  readonly closed: boolean;
  /** The closed month (or year) that the line corrects; null on all other rows. */
  readonly correction_of: string | null;
}

/** Counts and amounts: what is subtracted and added up. */
const FIGURES = ["donations", "payments", "gross", "refunded", "disputed", "fees", "net"] as const;

export function line(row: SummaryRow, closed: boolean): SummaryLine {
  return { ...row, closed, correction_of: null };
}

/**
 * What has to be added to the frozen lines so that each month's sum is what is counted now; nothing where that is so already. `monthOf` says of
 * a frozen line which month it is about: its own or the one that it corrects.
 */
export function corrections(
  counted: readonly SummaryRow[],
  frozen: readonly SummaryLine[],
  period: string,
): readonly SummaryLine[] {
  const sums = new Map<string, SummaryLine>();
  const add = (month: string, row: SummaryRow, sign: 1 | -1) => {
    const key = [month, row.frequency, row.currency].join(" ");
    const { frequency, currency } = row;
    const before = sums.get(key) ?? { ...ZERO, period, frequency, currency, closed: false, correction_of: month };
    sums.set(key, plus(before, row, sign));
  };
  for (const row of counted) add(row.period.slice(0, 7), row, 1);
  for (const row of frozen) add(row.correction_of ?? row.period.slice(0, 7), row, -1);
  return inOrder([...sums.values()].filter((sum) => FIGURES.some((figure) => sum[figure] !== 0)));
}

/**
 * Years from months: a year's lines are the sums of its months' lines, and what corrects a month of the same year is part of it. Donations are
 * not summed, since one may pay in many months: `counted` has those of each year.
 */
export function foldYears(months: readonly SummaryLine[], counted: readonly SummaryRow[]): readonly SummaryLine[] {
  const donations = new Map(counted.map((row) => [yearKey(row.period, null, row), row.donations]));
  const sums = new Map<string, SummaryLine>();
  for (const row of months) {
    const year = row.period.slice(0, 4);
    const mended = row.correction_of?.slice(0, 4) ?? year;
    const correctionOf = mended === year ? null : mended;
    const key = yearKey(row.period, correctionOf, row);
    const { frequency, currency } = row;
    const empty = { ...ZERO, period: `${year}-01-01`, frequency, currency, closed: false, correction_of: correctionOf };
    const sum = plus(sums.get(key) ?? empty, row, 1);
    sums.set(key, correctionOf === null ? { ...sum, donations: donations.get(key) ?? 0 } : sum);
  }
  return inOrder([...sums.values()]);
}

function yearKey(period: string, correctionOf: string | null, { frequency, currency }: SummaryRow): string {
  return [period.slice(0, 4), correctionOf, frequency, currency].join(" ");
}

/** By period; within one its own rows first, then what corrects others. */
export function inOrder(lines: readonly SummaryLine[]): readonly SummaryLine[] {
  const rank = (line: SummaryLine) =>
    [line.period, line.correction_of ?? "", FREQUENCIES.indexOf(line.frequency), line.currency].join(" ");
  return lines.toSorted((a, b) => (rank(a) < rank(b) ? -1 : 1));
}

const ZERO = { donations: 0, payments: 0, gross: 0, refunded: 0, disputed: 0, fees: 0, net: 0 };

function plus(line: SummaryLine, row: SummaryRow, sign: 1 | -1): SummaryLine {
  const figures = Object.fromEntries(
    FIGURES.map((figure) => [figure, assertSafe(BigInt(line[figure]) + BigInt(sign) * BigInt(row[figure]))]),
  );
  // In the order of a row, so that all lines are written alike.
  const { period, frequency, currency, closed, correction_of } = line;
  return { period, frequency, currency, ...(figures as typeof ZERO), closed, correction_of };
}
