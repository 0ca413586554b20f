import { parseArgs } from "node:util";
import type { Kysely } from "kysely";
import type { DB } from "../db/schema.ts";
import { SetupError } from "../shared/errors.ts";
import { ROLES, type Role } from "../shared/roles.ts";
import { createToken, DEFAULT_TOKEN_DAYS, LONGEST_TOKEN_DAYS } from "../staff/tokens.ts";

const USAGE = `Use: token create --role ${ROLES.join("|")} [--days 1–${LONGEST_TOKEN_DAYS}, ${DEFAULT_TOKEN_DAYS} unless given]`;

/**
 * `token create --role finance [--days 90]`: prints the token on a line of its own, the only thing on stdout. `args` is what
 * stands behind `token`.
 * @throws SetupError when the arguments are wrong
 */
export async function tokenCommand(args: readonly string[], db: Kysely<DB>): Promise<void> {
  const { role, days } = read(args);
  const token = await createToken(db, { role, days });
  console.error(`A token with the role ${role}, valid for ${days} days. It is shown this once.`);
  console.log(token);
}

function read(args: readonly string[]): { readonly role: Role; readonly days: number } {
  const { role, days, faults } = parseFlags(args);
  const known = ROLES.find((one) => one === role);
  if (role !== undefined && known === undefined) faults.push(`--role: expected one of ${ROLES.join(", ")}.`);
  if (role === undefined && faults.length === 0) faults.push("--role: is missing.");
  const valid = /^[1-9]\d{0,3}$/.test(days) && Number(days) <= LONGEST_TOKEN_DAYS;
  if (!valid) faults.push(`--days: expected a whole number from 1 to ${LONGEST_TOKEN_DAYS}.`);
  if (known === undefined || faults.length > 0) throw new SetupError([...faults, USAGE]);
  return { role: known, days: Number(days) };
}

function parseFlags(args: readonly string[]): { role: string | undefined; days: string; faults: string[] } {
  try {
    const { values, positionals } = parseArgs({
      args: [...args],
      options: { role: { type: "string" }, days: { type: "string", default: String(DEFAULT_TOKEN_DAYS) } },
      allowPositionals: true,
    });
    const faults = positionals.join(" ") === "create" ? [] : ["token: the only thing to do with one is to create it."];
    return { role: values.role, days: values.days, faults };
  } catch (error) {
    return { role: undefined, days: String(DEFAULT_TOKEN_DAYS), faults: [(error as Error).message] };
  }
}
