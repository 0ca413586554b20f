import { asSetupError } from "../compose.ts";
import { SetupError } from "../shared/errors.ts";
import { type Command, runCommand } from "./command.ts";
import { eventsCommand } from "./events.ts";
import { migrateCommand } from "./migrate.ts";
import { rotateKeysCommand } from "./rotate-keys.ts";
import { stripeSetupCommand } from "./stripe-setup.ts";
import { tokenCommand } from "./token.ts";

const COMMANDS: Readonly<Record<string, Command>> = {
  events: { does: "`events list|dead|replay`: what has come in from Stripe", run: eventsCommand },
  migrate: { does: "brings the database's tables up to date", run: migrateCommand },
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
  if (!(setup instanceof SetupError)) throw error;
  for (const fault of setup.faults) process.stderr.write(`${fault}\n`);
  process.exit(1);
}
