import type { Transaction } from "kysely";
import type { DB } from "../../db/schema.ts";
import { freezeRows } from "../close/closed.queries.ts";
import type { JournalScope } from "./entries.ts";
import { journalEntries } from "./journal.ts";

/**
 * Freezes the journal of a month that is about to be closed, the corrections of earlier months among it: a row for each entry, a few hundred as
 * a rule. Lines know their accounts by key; numbers, names and cost centres of now are kept once for the month.
 */
export async function freezeJournal(trx: Transaction<DB>, month: string, scope: JournalScope): Promise<void> {
  const { accounts, cost_centres, default_cost_centre } = scope.accounting;
  const settings = { correction_of: null, accounts, cost_centres, default_cost_centre };
  await freezeRows(trx, month, "journal_settings", [settings]);
  await freezeRows(trx, month, "journal", entriesOf(trx, scope));
}

async function* entriesOf(trx: Transaction<DB>, scope: JournalScope) {
  for await (const { accounts: _, ...entry } of journalEntries(trx, scope)) yield entry;
}
