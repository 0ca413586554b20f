import { checkBooks, rebuildBooks } from "../donations/rebuild.ts";
import { checkRollups } from "../reports/rollups/check.queries.ts";
import { rebuildRollups } from "../reports/rollups/rebuild.queries.ts";
import { SetupError } from "../shared/errors.ts";
import type { CommandContext, Run } from "./command.ts";
import { depsOf } from "./command-deps.ts";

const USAGE = "Use: rebuild [--check]";
const EVERY_MS = 3_000;

/**
 * `rebuild` derives every donation and payment again from what Stripe's objects said, and makes the rollups anew from them; `--check` compares
 * instead, and ends with 1 if anything differs.
 */
export function rebuildCommand(args: readonly string[]): Run {
  const [flag, ...more] = args;
  if (more.length > 0 || (flag !== undefined && flag !== "--check")) throw new SetupError([USAGE]);
  return flag === undefined ? rebuild : check;
}

async function rebuild(context: CommandContext): Promise<void> {
  let toldAt = performance.now();
  const deps = await depsOf(context);
  const done = await rebuildBooks(deps, (count) => {
    if (performance.now() - toldAt < EVERY_MS) return;
    toldAt = performance.now();
    console.error(`So far: ${count} donations.`);
  });
  await rebuildRollups(deps.db, deps.newsroom().time_zone);
  console.log(`${done} donations were derived anew.\nThe rollups were made anew.`);
}

async function check(context: CommandContext): Promise<void> {
  const deps = await depsOf(context);
  let differences = 0;
  const looked = await checkBooks(deps, ({ table, id, donation_id, change, columns }) => {
    differences += 1;
    console.log([table, id, `donation ${donation_id}`, change, columns.join(",")].join("  ").trimEnd());
  });
  const compared = await checkRollups(deps.db, deps.newsroom().time_zone, ({ table, sum, columns }) => {
    differences += 1;
    console.log([table, sum, columns.join(",")].join("  ").trimEnd());
  });
  if (!compared) console.error("The rollups are not made yet: `work` makes them, and until then reports count anew.");
  console.log(`${looked} donations were derived again: ${differences === 0 ? "no" : differences} differences.`);
  if (differences > 0) process.exitCode = 1;
}
