import type { Kysely } from "kysely";
import type { DB } from "../../db/schema.ts";
import { closedMonths } from "../close/closed.queries.ts";
import { firstDay, nextMonth } from "../close/months.ts";
import { journalCorrections } from "./corrections.ts";
import { countedEntries, earlier, type JournalEntry, type JournalScope, later } from "./entries.ts";
import { type FrozenMonth, frozenEntries, frozenMonths } from "./frozen.queries.ts";
import { bookedCurrencies } from "./lines.queries.ts";

type Stretch =
  | { readonly of: "counted"; readonly start: Date; readonly end: Date }
  | { readonly of: "frozen"; readonly month: FrozenMonth }
  | { readonly of: "corrections"; readonly months: readonly FrozenMonth[]; readonly date: string };

/**
 * The journal in the order of its days. Days of closed months have the entries that were frozen, with the accounts' numbers and names and the
 * cost centres of then. What has changed in these months since stands in the open month, the one after the last that is closed, on its first
 * day before all else; so the sum over all months is what is counted now. Months that were closed before journals were frozen are counted now.
 * To be read in one transaction, as of one moment.
 */
export async function* journalEntries(db: Kysely<DB>, scope: JournalScope): AsyncGenerator<JournalEntry> {
  for (const stretch of await stretchesOf(db, scope)) {
    if (stretch.of === "counted") yield* countedEntries(db, { ...scope, ...stretch });
    else yield* await keptEntries(db, stretch, scope);
  }
}

/** The settlement currencies of all entries that a period has. */
export async function journalCurrencies(db: Kysely<DB>, scope: JournalScope): Promise<readonly string[]> {
  const currencies = new Set<string>();
  for (const stretch of await stretchesOf(db, scope)) {
    const found =
      stretch.of === "counted"
        ? await bookedCurrencies(db, stretch)
        : (await keptEntries(db, stretch, scope)).map((entry) => entry.currency);
    for (const currency of found) currencies.add(currency);
  }
  return [...currencies].sort();
}

async function keptEntries(
  db: Kysely<DB>,
  stretch: Exclude<Stretch, { of: "counted" }>,
  { period, currency, accounting }: JournalScope,
): Promise<readonly JournalEntry[]> {
  if (stretch.of === "frozen") {
    const { month, settings } = stretch.month;
    return await frozenEntries(db, month, settings.accounts, { ...period, currency });
  }
  const { date, months } = stretch;
  return await journalCorrections(db, months, { date, currency, accounts: accounting.accounts });
}

async function stretchesOf(db: Kysely<DB>, { period }: JournalScope): Promise<readonly Stretch[]> {
  const last = (await closedMonths(db)).at(-1);
  if (last === undefined) return [counted(period.start, period.end)];
  const months = await frozenMonths(db);
  const stretches: Stretch[] = [];
  let { start } = period;
  for (const month of months) {
    stretches.push(counted(start, earlier(month.starts_at, period.end)));
    if (firstDay(month.month) < period.to && firstDay(nextMonth(month.month)) > period.from) {
      stretches.push({ of: "frozen", month });
    }
    start = later(start, month.ends_at);
  }
  stretches.push(counted(start, earlier(last.ends_at, period.end)));
  const open = firstDay(nextMonth(last.month));
  if (period.from <= open && open < period.to) stretches.push({ of: "corrections", months, date: open });
  stretches.push(counted(later(start, last.ends_at), period.end));
  return stretches.filter((stretch) => stretch.of !== "counted" || stretch.start < stretch.end);
}

function counted(start: Date, end: Date): Stretch {
  return { of: "counted", start, end };
}
