import { asSetupError } from "../compose.ts";
import { describeError } from "../shared/describe-error.ts";
import { SetupError } from "../shared/errors.ts";
import { backfillCommand } from "./backfill.ts";
import { type Command, runCommand } from "./command.ts";
import { eventsCommand } from "./events.ts";
import { migrateCommand } from "./migrate.ts";
import { rebuildCommand } from "./rebuild.ts";
import { reconcileCommand } from "./reconcile.ts";
import { rotateKeysCommand } from "./rotate-keys.ts";
import { stripeSetupCommand } from "./stripe-setup.ts";
import { tokenCommand } from "./token.ts";

const COMMANDS: Readonly<Record<string, Command>> = {
  backfill: {
    does: "`backfill --since DATE [--dry-run]` fills the books from Stripe's own lists",
    run: backfillCommand,
  },
  events: { does: "`events list|dead|replay`: what has come in from Stripe", run: eventsCommand },
  migrate: { does: "brings the database's tables up to date", run: migrateCommand },
  rebuild: { does: "`rebuild [--check]` derives every donation again, or only compares", run: rebuildCommand },
  reconcile: {
    does: "`reconcile --since DATE [--fix] [--json]` compares the books with Stripe",
    run: reconcileCommand,
  },
  "rotate-keys": { does: "seals everything anew under the first data key", run: rotateKeysCommand },
  stripe: { does: "`stripe setup` makes the product at Stripe that every gift is of", run: stripeSetupCommand },
  token: {
    does: "`token create --role finance|audience|support|admin [--days N]` makes a token for staff",
    run: ({ db }, args) => tokenCommand(args, db),
  },
};

const [verb = "", ...args] = process.argv.slice(2);
const command = Object.hasOwn(COMMANDS, verb) ? COMMANDS[verb] : undefined;
if (command === undefined) {
  const list = Object.entries(COMMANDS).map(([name, { does }]) => `  ${name.padEnd(14)}${does}`);
  process.stderr.write(`Use: npm run donations -- VERB\n\n${list.join("\n")}\n`);
  process.exit(1);
}
try {
  await runCommand(command, args);
} catch (error) {
  const setup = asSetupError(error);
  const lines = setup instanceof SetupError ? setup.faults : unexpected(error);
  for (const line of lines) process.stderr.write(`${line}\n`);
  process.exit(1);
}

/** Node would print all that the error holds: the row that Postgres refused, the parameters that Stripe did. */
function unexpected(error: unknown): readonly string[] {
  const { type, message, code, stack } = describeError(error);
  return [
    `The command failed: ${[type, code, message].filter(Boolean).join(": ")}`,
    ...(stack === undefined ? [] : [stack]),
  ];
}
