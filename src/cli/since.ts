import { parseArgs } from "node:util";
import { loadNewsroom } from "../newsroom.ts";
import { SetupError } from "../shared/errors.ts";
import { isDate, periodStart } from "../shared/period.ts";
import { argumentFault } from "./argument-fault.ts";
import type { CommandContext } from "./command.ts";

/** @throws SetupError unless `text` is a day */
export function dayOf(text: string | undefined, usage: string): string {
  if (text === undefined || !isDate(text)) throw new SetupError(["--since: expected a day as YYYY-MM-DD.", usage]);
  return text;
}

/** The moment at which a day begins in the newsroom's time zone. @throws SetupError unless it is over or has begun */
export function sinceOf(day: string, { settings }: CommandContext, usage: string): Date {
  const since = periodStart(day, loadNewsroom(settings.config.newsroomConfig).time_zone);
  if (since > settings.now()) throw new SetupError(["--since: expected a day that is not in the future.", usage]);
  return since;
}

/** What stands behind the verb. @throws SetupError for an unknown flag */
export function flagsOf<const Names extends readonly string[]>(
  args: readonly string[],
  switches: Names,
  usage: string,
): { readonly since: string | undefined } & { readonly [name in Names[number]]: boolean } {
  const options = {
    since: { type: "string" },
    ...Object.fromEntries(switches.map((name) => [name, { type: "boolean", default: false }])),
  } as const;
  try {
    return {
      since: undefined,
      ...(parseArgs({ args: [...args], options: options as never }).values as object),
    } as never;
  } catch (error) {
    throw argumentFault(error, [usage]);
  }
}
