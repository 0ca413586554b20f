import { allOpen } from "../ledger/reconcile/differences.queries.ts";
import { type Reconciled, reconcile } from "../ledger/reconcile/reconcile.ts";
import { audited } from "./audited.ts";
import type { CommandContext, Run } from "./command.ts";
import { depsOf } from "./command-deps.ts";
import { dayOf, flagsOf, sinceOf } from "./since.ts";

const USAGE = "Use: reconcile --since YYYY-MM-DD [--fix] [--json]";

/** `reconcile --since DATE [--fix] [--json]`: what differs from Stripe. Ends with 0 when nothing does, with 1 otherwise. */
export function reconcileCommand(args: readonly string[]): Run {
  const flags = flagsOf(args, ["fix", "json"], USAGE);
  const day = dayOf(flags.since, USAGE);
  return async (context) => {
    const since = sinceOf(day, context, USAGE);
    const deps = await depsOf(context);
    const look = () => reconcile(deps, { since, fix: flags.fix, onProgress: printProgress });
    const entry = { action: "books_healed", detail: { since: day } } as const;
    const figures = ({ healed, remaining }: Reconciled) => ({ healed, remaining });
    const done = flags.fix ? await audited(context, entry, look, figures) : await look();
    if (flags.json) await printJson(context, done);
    else await printText(context, done);
    if (done.remaining > 0) process.exitCode = 1;
  };
}

function printProgress(lookedAt: ReadonlyMap<string, number>): void {
  const parts = [...lookedAt].map(([list, count]) => `${list} ${count}`);
  console.error(parts.length === 0 ? "The ledger is pulled." : `So far: ${parts.join(", ")}.`);
}

async function printJson(context: CommandContext, done: Reconciled): Promise<void> {
  const head = JSON.stringify(done).slice(0, -1);
  process.stdout.write(`${head},"differences":[`);
  let separator = "";
  for await (const difference of allOpen(context.db)) {
    process.stdout.write(`${separator}\n${JSON.stringify(difference)}`);
    separator = ",";
  }
  process.stdout.write("\n]}\n");
}

async function printText(context: CommandContext, done: Reconciled): Promise<void> {
  for (const { currency, ours, stripes } of done.balances) {
    const verdict = ours === stripes ? "agrees" : `differs by ${ours - stripes}`;
    console.log(`Balance ${currency}: ours ${ours}, Stripe's ${stripes}: ${verdict} (minor units)`);
  }
  for await (const { kind, object_id, first_seen, ours, stripes, cause } of allOpen(context.db)) {
    console.log(`${kind}  ${object_id}  since ${first_seen.toISOString()}`);
    console.log(`  ours ${JSON.stringify(ours)}  Stripe's ${JSON.stringify(stripes)}`);
    console.log(`  ${cause}`);
  }
  const looked = Object.values(done.looked_at).reduce((sum, count) => sum + count, 0);
  const healed = done.healed > 0 ? ` ${done.healed} healed,` : "";
  const left = done.remaining === 0 ? "nothing differs" : `${done.remaining} differ`;
  console.log(`${looked} objects compared with ${done.calls} calls:${healed} ${left}.`);
}
