import { checkBooks, rebuildBooks } from "../donations/rebuild.ts";
import { SetupError } from "../shared/errors.ts";
import type { CommandContext, Run } from "./command.ts";
import { depsOf } from "./command-deps.ts";

const USAGE = "Use: rebuild [--check]";
const EVERY_MS = 3_000;

/** `rebuild` derives every donation and payment again from what Stripe's objects said; `--check` compares instead, and ends with 1 if anything differs. */
export function rebuildCommand(args: readonly string[]): Run {
  const [flag, ...more] = args;
  if (more.length > 0 || (flag !== undefined && flag !== "--check")) throw new SetupError([USAGE]);
  return flag === undefined ? rebuild : check;
}

async function rebuild(context: CommandContext): Promise<void> {
  let toldAt = performance.now();
  const done = await rebuildBooks(await depsOf(context), (count) => {
    if (performance.now() - toldAt < EVERY_MS) return;
    toldAt = performance.now();
    console.error(`So far: ${count} donations.`);
  });
  console.log(`${done} donations were derived anew.`);
}

async function check(context: CommandContext): Promise<void> {
  const deps = await depsOf(context);
  let differences = 0;
  const looked = await checkBooks(deps, ({ table, id, donation_id, change, columns }) => {
    differences += 1;
    console.log([table, id, `donation ${donation_id}`, change, columns.join(",")].join("  ").trimEnd());
  });
  console.log(`${looked} donations were derived again: ${differences === 0 ? "no" : differences} differences.`);
  if (differences > 0) process.exitCode = 1;
}
