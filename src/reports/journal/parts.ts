import { AppError } from "../../shared/errors.ts";
import type { EntryLine, JournalEntry } from "./entries.ts";

export interface Part {
  readonly part: number;
  readonly parts: number;
  readonly entries: readonly JournalEntry[];
}

/**
 * Packages take only so many rows at once: whole entries are put into parts of at most `most` rows, and one part is returned. Only that one
 * is held in memory.
 * @throws AppError `journal_has_parts` when there are several and none was asked for; half a journal must not pass for a whole one
 */
export async function partOf(
  entries: AsyncIterable<JournalEntry>,
  asked: number | undefined,
  most: number,
  rowsOf: (entry: JournalEntry) => number = (entry) => entry.lines.length,
): Promise<Part> {
  const part = asked ?? 1;
  const kept: JournalEntry[] = [];
  let parts = 1;
  let rows = 0;
  for await (const whole of entries) {
    for (const entry of pieces(whole, most)) {
      const more = rowsOf(entry);
      if (rows + more > most) {
        parts += 1;
        rows = 0;
      }
      rows += more;
      if (parts === part) kept.push(entry);
    }
  }
  if (asked === undefined && parts > 1) {
    throw new AppError(
      "unprocessable",
      "journal_has_parts",
      `The package takes ${most} rows at once and this journal has more. Ask for it in ${parts} parts: part=1 to part=${parts}.`,
    );
  }
  if (part > parts) {
    throw new AppError("invalid", "invalid_request", "This journal has fewer parts. Ask for one that there is.", {
      errors: [{ path: "part", message: `Expected a whole number from 1 to ${parts}.` }],
    });
  }
  return { part, parts, entries: kept };
}

/** An entry of more rows than go into one file becomes several, each balanced by a line of its own on the Stripe balance. */
function* pieces(entry: JournalEntry, most: number): Generator<JournalEntry> {
  if (entry.lines.length <= most) {
    yield entry;
    return;
  }
  const others = entry.lines.filter((line) => line.account !== "stripe_balance");
  for (let from = 0, piece = 1; from < others.length; from += most - 1, piece++) {
    const lines = others.slice(from, from + most - 1);
    yield { ...entry, entry: `${entry.entry}-${piece}`, lines: balanced(lines) };
  }
}

function balanced(lines: readonly EntryLine[]): readonly EntryLine[] {
  const sum = lines.reduce((total, line) => total + line.amount, 0);
  return sum === 0 ? lines : [{ account: "stripe_balance", cost_centre: null, amount: 0 - sum }, ...lines];
}
