import { parseArgs } from "node:util";
import { recordAudit } from "../audit/record.queries.ts";
import { inTransaction } from "../db/transaction.ts";
import { SetupError } from "../shared/errors.ts";
import { ROLES } from "../shared/roles.ts";
import { listTokens } from "../staff/tokens.queries.ts";
import { createToken, DEFAULT_TOKEN_DAYS, LONGEST_TOKEN_DAYS, readToken, revokeToken } from "../staff/tokens.ts";
import { argumentFault } from "./argument-fault.ts";
import type { CommandContext } from "./command.ts";

const USAGE = [
  `Use: token create --role ${ROLES.join("|")} [--days 1–${LONGEST_TOKEN_DAYS}, ${DEFAULT_TOKEN_DAYS} unless given]`,
  "     token list",
  "     token revoke ID (or the token itself)",
];

type TokenRun = (context: Pick<CommandContext, "db">) => Promise<void>;

/**
 * `token create --role finance [--days 90]` prints the token on a line of its own, the only one on stdout; `token list`;
 * `token revoke ID`. `args` is what stands behind `token`.
 * @throws SetupError when the arguments are wrong or the token isn't there
 */
export function tokenCommand(args: readonly string[]): TokenRun {
  const [verb, ...rest] = args;
  switch (verb) {
    case "create":
      return create(rest);
    case "list":
      return list(rest);
    case "revoke":
      return revoke(rest);
    default:
      throw new SetupError(["token: expected create, list or revoke.", ...USAGE]);
  }
}

function create(args: readonly string[]): TokenRun {
  const given = readFlags(args);
  const role = ROLES.find((one) => one === given.role);
  const valid = /^[1-9]\d{0,3}$/.test(given.days) && Number(given.days) <= LONGEST_TOKEN_DAYS;
  const faults = [
    ...(role === undefined ? [`--role: expected one of ${ROLES.join(", ")}.`] : []),
    ...(valid ? [] : [`--days: expected a whole number from 1 to ${LONGEST_TOKEN_DAYS}.`]),
  ];
  if (role === undefined || !valid) throw new SetupError([...faults, ...USAGE]);
  return async ({ db }) => {
    const token = await inTransaction(db, async (trx) => {
      const made = await createToken(trx, { role, days: Number(given.days) });
      const subject = (await readToken(trx, made))?.id ?? null;
      const detail = { role, days: Number(given.days) };
      await recordAudit(trx, { actor: { kind: "command_line" }, action: "token_created", subject, detail });
      return made;
    });
    console.error(
      `A token with the role ${role}, valid for ${given.days === "1" ? "1 day" : `${given.days} days`}. It is shown this once:`,
    );
    console.log(token);
  };
}

function list(args: readonly string[]): TokenRun {
  if (args.length > 0) throw new SetupError(["token list takes nothing more.", ...USAGE]);
  return async ({ db }) => {
    for (const { id, role, created_at, expires_at, state } of await listTokens(db)) {
      console.log([id, role.padEnd(8), state.padEnd(7), day(created_at), "to", day(expires_at)].join("  "));
    }
  };
}

function revoke(args: readonly string[]): TokenRun {
  const [which, ...others] = args;
  if (which === undefined || others.length > 0) throw new SetupError(["token revoke takes one token.", ...USAGE]);
  return async ({ db }) => {
    const id = await inTransaction(db, async (trx) => {
      const subject = await revokeToken(trx, which);
      if (subject !== null) {
        await recordAudit(trx, { actor: { kind: "command_line" }, action: "token_revoked", subject });
      }
      return subject;
    });
    if (id === null) throw new SetupError(["There is no such token: `token list` shows those there are."]);
    console.error("It opens nothing any longer.");
  };
}

function readFlags(args: readonly string[]): { readonly role: string | undefined; readonly days: string } {
  try {
    const options = {
      role: { type: "string", multiple: true },
      days: { type: "string", multiple: true },
    } as const;
    const { role = [], days = [] } = parseArgs({ args: [...args], options }).values;
    if (role.length > 1 || days.length > 1) throw new Error("--role and --days can be given once each.");
    return { role: role[0], days: days[0] ?? String(DEFAULT_TOKEN_DAYS) };
  } catch (error) {
    throw argumentFault(error, USAGE);
  }
}

function day(at: Date): string {
  return at.toISOString().slice(0, 10);
}
