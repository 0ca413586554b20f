import { parseArgs } from "node:util";
import { MAIL_KINDS } from "../mail/kinds.ts";
import { requeueFailed, unmarkBounced } from "../mail/operator.queries.ts";
import { SetupError } from "../shared/errors.ts";
import { isDate } from "../shared/period.ts";
import { argumentFault } from "./argument-fault.ts";
import type { Run } from "./command.ts";
import { sinceOf } from "./since.ts";

const USAGE = "Use: mail retry --since YYYY-MM-DD [--kind KIND] · mail unmark --bounced-since YYYY-MM-DD";

/** `mail retry|unmark`: what an operator does after an outage of the mail server, or after a wrong setting of it. */
export function mailCommand(args: readonly string[]): Run {
  const { values, positionals } = read(args);
  const { since, kind, "bounced-since": bouncedSince } = values;
  const [verb, ...words] = positionals;
  if (words.length > 0) throw new SetupError([`${words[0]}: is not expected here.`, USAGE]);
  if (verb === "retry" && bouncedSince === undefined) return retry(dayOf("--since", since), kindOf(kind));
  if (verb === "unmark" && since === undefined && kind === undefined)
    return unmark(dayOf("--bounced-since", bouncedSince));
  throw new SetupError([USAGE]);
}

function retry(day: string, kind: ReturnType<typeof kindOf>): Run {
  return async (context) => {
    const { queued, lost } = await requeueFailed(context.db, { since: sinceOf(day, context, USAGE), kind });
    console.log(`${queued} mail(s) are queued again.`);
    for (const [each, count] of Object.entries(lost))
      console.log(`${count} of the kind ${each} can't be sent any more: the address went when they were given up.`);
  };
}

function unmark(day: string): Run {
  return async (context) => {
    const count = await unmarkBounced(context.db, sinceOf(day, context, USAGE));
    console.log(`${count} address(es) get mail again.`);
  };
}

function dayOf(flag: string, text: string | undefined): string {
  if (text === undefined || !isDate(text)) throw new SetupError([`${flag}: expected a day as YYYY-MM-DD.`, USAGE]);
  return text;
}

function kindOf(text: string | undefined) {
  const kind = MAIL_KINDS.find((each) => each === text) ?? null;
  if (text !== undefined && kind === null)
    throw new SetupError([`--kind: expected one of ${MAIL_KINDS.join(", ")}.`, USAGE]);
  return kind;
}

function read(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      allowPositionals: true,
      options: { since: { type: "string" }, kind: { type: "string" }, "bounced-since": { type: "string" } },
    });
  } catch (error) {
    throw argumentFault(error, [USAGE]);
  }
}
