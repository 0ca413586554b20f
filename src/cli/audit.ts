import { parseArgs } from "node:util";
import { validate as isUuid } from "uuid";
import { type AuditFilter, type AuditRow, listAudit } from "../audit/list.queries.ts";
import { AUDIT_ACTIONS } from "../audit/record.queries.ts";
import { loadNewsroom } from "../newsroom.ts";
import { SetupError } from "../shared/errors.ts";
import { isDate, periodStart } from "../shared/period.ts";
import { argumentFault } from "./argument-fault.ts";
import type { CommandContext, Run } from "./command.ts";

const USAGE = [
  "Use: audit list [--action ACTION] [--actor ID] [--subject ID] [--from DATE] [--to DATE] [--limit N] [--json]",
];
const BATCH = 1_000;

/** `audit list`: what staff have read, taken out and changed, newest first; with `--json` an object a line. */
export function auditCommand(args: readonly string[]): Run {
  const [verb, ...rest] = args;
  if (verb !== "list") throw new SetupError(["audit: expected list.", ...USAGE]);
  const given = read(rest);
  const action = AUDIT_ACTIONS.find((one) => one === given.action);
  const limit = Number(given.limit ?? 100);
  const faults = [
    ...(given.action !== undefined && action === undefined
      ? [`--action: expected one of ${AUDIT_ACTIONS.join(", ")}.`]
      : []),
    ...(given.actor !== undefined && !isUuid(given.actor) ? ["--actor: expected an id."] : []),
    ...(["from", "to"] as const).flatMap((name) =>
      isDayOrNone(given[name]) ? [] : [`--${name}: expected a day as YYYY-MM-DD.`],
    ),
    ...(Number.isInteger(limit) && limit > 0 ? [] : ["--limit: expected a whole number above 0."]),
  ];
  if (faults.length > 0) throw new SetupError([...faults, ...USAGE]);
  return async (context) => {
    const filter = { action, actor: given.actor, subject: given.subject, ...daysOf(context, given) };
    await print(context, filter, limit, given.json === true);
  };
}

async function print({ db }: CommandContext, filter: AuditFilter, limit: number, json: boolean): Promise<void> {
  let left = limit;
  let before: string | null = null;
  while (left > 0) {
    const rows: readonly AuditRow[] = await listAudit(db, filter, { before, limit: Math.min(left, BATCH) });
    for (const row of rows) console.log(json ? JSON.stringify(row) : lineOf(row));
    left -= rows.length;
    before = rows.at(-1)?.id ?? null;
    if (rows.length < BATCH) return;
  }
}

function lineOf({ at, action, actor_kind, actor_id, role, subject, detail }: AuditRow): string {
  const actor = actor_id === null ? "command line" : `${actor_kind} ${actor_id} ${role}`;
  return [at.toISOString(), action, actor, subject ?? "-", JSON.stringify(detail)].join("  ");
}

function daysOf({ settings }: CommandContext, { from, to }: { readonly from?: string; readonly to?: string }) {
  const { time_zone } = loadNewsroom(settings.config.newsroomConfig);
  return {
    from: from === undefined ? undefined : periodStart(from, time_zone),
    to: to === undefined ? undefined : periodStart(to, time_zone),
  };
}

function isDayOrNone(text: string | undefined): boolean {
  return text === undefined || isDate(text);
}

function read(args: readonly string[]) {
  const text = { type: "string" } as const;
  const options = {
    action: text,
    actor: text,
    subject: text,
    from: text,
    to: text,
    limit: text,
    json: { type: "boolean" },
  } as const;
  try {
    return parseArgs({ args: [...args], options }).values;
  } catch (error) {
    throw argumentFault(error, USAGE);
  }
}
