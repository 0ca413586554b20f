import { parseArgs } from "node:util";
import { loadNewsroom } from "../newsroom.ts";
import { issueReceipts } from "../reports/receipts/issue.ts";
import { SetupError } from "../shared/errors.ts";
import { isDate, periodStart } from "../shared/period.ts";
import { audited } from "./audited.ts";
import type { CommandContext, Run } from "./command.ts";

const USAGE = "Use: receipts issue --until YYYY-MM-DD [--since YYYY-MM-DD]";

/** Before any gift. */
const EVER = "1970-01-01";

/** `receipts issue --until DATE`: numbers for all settled payments that were booked before that day and have none. */
export function receiptsCommand(args: readonly string[]): Run {
  const asked = read(args);
  return async (context) => await issue(context, asked);
}

async function issue(context: CommandContext, { since, until }: Asked): Promise<void> {
  const newsroom = loadNewsroom(context.settings.config.newsroomConfig);
  const span = { start: periodStart(since, newsroom.time_zone), end: periodStart(until, newsroom.time_zone) };
  const deps = { db: context.db, now: context.settings.now, newsroom: () => newsroom };
  const issued = await audited(
    context,
    { action: "receipts_issued", detail: { since, until } },
    () => issueReceipts(deps, span),
    (all) => ({ receipts: all.reduce((sum, { count }) => sum + count, 0) }),
  );
  for (const { year, count } of issued) console.log(`${year}: ${count} receipts issued`);
  if (issued.length === 0) console.log("Nothing to do: every settled payment before that day has its receipt.");
}

interface Asked {
  readonly since: string;
  readonly until: string;
}

function read(args: readonly string[]): Asked {
  const [verb, ...flags] = args;
  if (verb !== "issue") throw new SetupError([USAGE]);
  const { since = EVER, until } = parsed(flags);
  const faults = [
    ...(until !== undefined && isDate(until)
      ? []
      : ["--until: expected a day as YYYY-MM-DD; it is the first one that is left out."]),
    ...(isDate(since) ? [] : ["--since: expected a day as YYYY-MM-DD."]),
  ];
  if (until === undefined || faults.length > 0) throw new SetupError([...faults, USAGE]);
  return { since, until };
}

function parsed(args: readonly string[]): { readonly since?: string; readonly until?: string } {
  try {
    return parseArgs({ args: [...args], options: { since: { type: "string" }, until: { type: "string" } } }).values;
  } catch (error) {
    throw new SetupError([(error as Error).message, USAGE]);
  }
}
