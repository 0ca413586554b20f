import { asSetupError } from "../settings.ts";
import { describeError } from "../shared/describe-error.ts";
import { SetupError } from "../shared/errors.ts";
import { ROLES } from "../shared/roles.ts";
import { type Command, runCommand } from "./command.ts";

const COMMANDS: Readonly<Record<string, Command>> = {
  audit: {
    calls: {
      "audit list":
        "who read a name, took a file out or changed something: [--action ACTION] [--actor ID] [--from DATE] [--to DATE] [--json]",
    },
    load: async () => (await import("./audit.ts")).auditCommand,
  },
  backfill: {
    calls: {
      "backfill --since DATE": "fills the books from Stripe's own lists",
      "backfill --since DATE --dry-run": "says what that would change, and changes nothing",
    },
    load: async () => (await import("./backfill.ts")).backfillCommand,
  },
  close: {
    calls: {
      "close YYYY-MM": "freezes a month's figures; [--signed-by NAME --reason TEXT] in spite of what differs",
      "close YYYY-MM --evidence FILE.zip": "and writes the auditor's archive, also of a month that is closed",
    },
    load: async () => (await import("./close.ts")).closeCommand,
  },
  events: {
    calls: {
      "events list": "what has come in from Stripe: [--state STATE] [--type TYPE] [--limit N]",
      "events dead": "what could not be applied, and why",
      "events replay ID": "applies events again; --dead for all that are dead",
    },
    load: async () => (await import("./events.ts")).eventsCommand,
  },
  mail: {
    calls: {
      "mail retry --since DATE": "queues mails again that no attempt got through: [--kind KIND]",
      "mail unmark --bounced-since DATE":
        "sends again to addresses that were marked since then as such where nobody is",
    },
    load: async () => (await import("./mail.ts")).mailCommand,
  },
  rebuild: {
    calls: {
      rebuild: "derives every donation again, and the reports' sums",
      "rebuild --check": "derives every donation again and compares, writing nothing",
    },
    load: async () => (await import("./rebuild.ts")).rebuildCommand,
  },
  receipts: {
    calls: { "receipts issue --until DATE": "numbers the settled payments before that day; [--since DATE]" },
    load: async () => (await import("./receipts.ts")).receiptsCommand,
  },
  reconcile: {
    calls: {
      "reconcile --since DATE": "compares the books with Stripe; [--json]",
      "reconcile --since DATE --fix": "and heals what differs",
    },
    load: async () => (await import("./reconcile.ts")).reconcileCommand,
  },
  migrate: {
    calls: { migrate: "brings the database's tables up to date" },
    load: async () => (await import("./migrate.ts")).migrateCommand,
  },
  "rotate-keys": {
    calls: {
      "rotate-keys": "seals everything anew under the first data key",
      "rotate-keys --new-key": "the same under a new key, where `npm start` keeps the keys",
    },
    load: async () => (await import("./rotate-keys.ts")).rotateKeysCommand,
  },
  "sample-data": {
    calls: {
      "sample-data": "made-up gifts of three years, never in production: [--payments N] [--years N] [--seed N]",
    },
    load: async () => (await import("./sample-data.ts")).sampleDataCommand,
  },
  staff: {
    calls: {
      "staff add ADDRESS": `lets somebody sign in at /finance: --role ${ROLES.join("|")}`,
      "staff role ADDRESS|ID": "gives them another role: --role ROLE",
      "staff remove ADDRESS|ID": "signs them out everywhere, for good",
      "staff list": "who may sign in: ids, roles, states, latest sign-in; [--addresses]",
    },
    load: async () => (await import("./staff.ts")).staffCommand,
  },
  stripe: {
    calls: {
      "stripe setup":
        "makes at Stripe what has to be there: the product that every gift is of, and the page for another card",
    },
    load: async () => (await import("./stripe-setup.ts")).stripeSetupCommand,
  },
  token: {
    calls: {
      "token create": `makes a token for staff: --role ${ROLES.join("|")} [--days N]`,
      "token list": "shows whose tokens there are: ids, roles, states, dates",
      "token revoke ID": "takes a token back",
    },
    load: async () => (await import("./token.ts")).tokenCommand,
  },
};
const HELP: readonly string[] = ["help", "--help", "-h"];

const [verb = "", ...args] = process.argv.slice(2);
if (HELP.includes(verb) || HELP.slice(1).some((flag) => args.includes(flag))) {
  process.stdout.write(usage());
  process.exit(0);
}
const command = Object.hasOwn(COMMANDS, verb) ? COMMANDS[verb] : undefined;
if (command === undefined) {
  const unknown = verb === "" ? "" : `There is no command ${JSON.stringify(verb)}.\n\n`;
  process.stderr.write(`${unknown}${usage()}`);
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

function usage(): string {
  const calls = Object.values(COMMANDS).flatMap((each) => Object.entries(each.calls));
  const width = Math.max(...calls.map(([call]) => call.length)) + 2;
  return `Use: npm run donations -- VERB\n\n${calls.map(([call, does]) => `  ${call.padEnd(width)}${does}\n`).join("")}`;
}

/** Node would print all that the error holds: the row that Postgres refused, the parameters that Stripe did. */
function unexpected(error: unknown): readonly string[] {
  const { type, message, code, stack } = describeError(error);
  return [
    `The command failed: ${[type, code, message].filter(Boolean).join(": ")}`,
    ...(stack === undefined ? [] : [stack]),
  ];
}
