import { isMissing } from "../../stripe/failures.ts";
import type { Stripe } from "../../stripe/types.ts";
import { balanceTransactionRow } from "../balance-transaction.ts";
import { readTransactions } from "../store.queries.ts";
import { unknownToStripe } from "./compare-objects.ts";
import type { Difference } from "./difference.ts";
import type { Look } from "./look.ts";
import { rowsBesides } from "./window.queries.ts";
import { spans } from "./windows.ts";

/** Columns that Stripe never changes. Rates are compared as numbers: the digits of a decimal are ours. */
const FIXED = ["created", "type", "reporting_category", "source_id", "currency", "amount", "fee", "net"] as const;

/** Every balance transaction of the period, by its id. The ledger was pulled before, so none may be missing. */
export async function compareLedger(look: Look): Promise<void> {
  const gte = Math.floor(+look.since / 1000);
  const nextSpan = spans(look.stripeAt, look.since);
  let after: string | undefined;
  for (;;) {
    const { object: page } = await look.caller.call((api) =>
      api.balanceTransactions.list({
        limit: 100,
        created: { gte },
        ...(after === undefined ? {} : { starting_after: after }),
      }),
    );
    const judged = page.data.filter((one) => one.created * 1000 <= +look.stripeAt);
    const span = nextSpan(page.data, !page.has_more);
    await look.note([
      ...(await compareTransactions(look, judged)),
      ...(span === null ? [] : await rowsBesides(look.deps.db, "balance_transactions", span.window, span.ids)).map(
        (row) => unknownToStripe("balance_transaction", row),
      ),
    ]);
    look.lookedAt.set("balance_transactions", (look.lookedAt.get("balance_transactions") ?? 0) + page.data.length);
    after = page.data.at(-1)?.id;
    if (!page.has_more || after === undefined) return;
  }
}

async function compareTransactions(
  look: Pick<Look, "deps">,
  page: readonly Stripe.BalanceTransaction[],
): Promise<readonly Difference[]> {
  const theirs = page.map(balanceTransactionRow);
  const stored = await readTransactions(
    look.deps.db,
    theirs.map((row) => row.id),
  );
  const ours = new Map(stored.map((row) => [row.id, row]));
  return theirs.flatMap((row): Difference[] => {
    const current = ours.get(row.id);
    const about = { object_id: row.id, occurred_at: row.created as Date };
    if (current === undefined) {
      const { type, amount, fee, net, currency } = row;
      const stripes = { type, amount, fee, net, currency };
      const cause = "Stripe showed it later than the ledger looks back, or it was removed here.";
      return [{ kind: "balance_transaction_missing", ...about, ours: null, stripes, cause }];
    }
    const columns = FIXED.filter((column) => plain(current[column]) !== plain(row[column]));
    if (columns.length === 0) return [];
    const pick = (from: object) => Object.fromEntries(columns.map((column) => [column, from[column as never]]));
    const cause = "A row of the append-only ledger was altered here: restore it from a backup; nothing overwrites it.";
    return [{ kind: "balance_transaction_differs", ...about, ours: pick(current), stripes: pick(row), cause }];
  });
}

/** One balance transaction by itself. */
export async function compareTransaction(look: Look, id: string): Promise<Difference | null> {
  try {
    const { object } = await look.caller.call((api) => api.balanceTransactions.retrieve(id));
    return (await compareTransactions(look, [object]))[0] ?? null;
  } catch (error) {
    if (!isMissing(error)) throw error;
  }
  const [row] = await readTransactions(look.deps.db, [id]);
  return row === undefined ? null : unknownToStripe("balance_transaction", row);
}

function plain(value: unknown): unknown {
  return value instanceof Date ? value.getTime() : (value ?? null);
}
