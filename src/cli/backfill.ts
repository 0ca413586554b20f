import { backfill } from "../ledger/backfill/backfill.ts";
import { type Change, dryRun } from "../ledger/backfill/dry-run.ts";
import { audited } from "./audited.ts";
import type { Run } from "./command.ts";
import { depsOf } from "./command-deps.ts";
import { dayOf, flagsOf, sinceOf } from "./since.ts";

const USAGE = "Use: backfill --since YYYY-MM-DD [--dry-run]";

/** `backfill --since DATE [--dry-run]`: the books from Stripe's own lists. Cut off, it goes on where it was when it is started again. */
export function backfillCommand(args: readonly string[]): Run {
  const flags = flagsOf(args, ["dry-run"], USAGE);
  const day = dayOf(flags.since, USAGE);
  return async (context) => {
    const options = { since: sinceOf(day, context, USAGE), onProgress: printProgress };
    const deps = await depsOf(context);
    if (flags["dry-run"]) {
      const counts = new Map<string, number>();
      await dryRun(deps, { ...options, onChange: (change) => printChange(change, counts) });
      printCounts(counts);
      return;
    }
    const entry = { action: "backfilled", detail: { since: day } } as const;
    const fill = () => backfill(deps, options);
    const { seen, calls, pulled } = await audited(context, entry, fill, (done) => ({ pulled: done.pulled }));
    printProgress(seen);
    console.log(`Done with ${calls} calls to Stripe; the ledger gained ${pulled} balance transactions.`);
  };
}

function printProgress(seen: ReadonlyMap<string, number>): void {
  const parts = [...seen].map(([list, count]) => `${list} ${count}`);
  console.error(parts.length === 0 ? "Waiting for Stripe's first answer." : `So far: ${parts.join(", ")}.`);
}

function printChange({ kind, id, change, columns }: Change, counts: Map<string, number>): void {
  counts.set(`${kind} ${change}`, (counts.get(`${kind} ${change}`) ?? 0) + 1);
  console.log([kind, id, change, columns.join(",")].join("  ").trimEnd());
}

function printCounts(counts: ReadonlyMap<string, number>): void {
  if (counts.size === 0) console.log("Nothing would change.");
  for (const [what, count] of counts) console.log(`Would be ${what.replace(/^(\S+) (\S+)$/, "$2: $1")} ${count}`);
}
