import { randomUUID } from "node:crypto";
import { type AuditEntry, recordAudit } from "../audit/record.queries.ts";
import type { CommandContext } from "./command.ts";

type Detail = NonNullable<AuditEntry["detail"]>;

/**
 * Does what changes the books and writes that down before and after, as of the command line: one that was killed has an entry too. `told` are
 * figures of what came of it.
 */
export async function audited<Result>(
  { db }: Pick<CommandContext, "db">,
  { action, subject = null, detail = {} }: Pick<AuditEntry, "action" | "subject" | "detail">,
  work: () => Promise<Result>,
  told: (result: Result) => Detail = () => ({}),
): Promise<Result> {
  const request = randomUUID();
  const write = async (outcome: string, more: Detail = {}) => {
    const all = { ...detail, ...more, request, outcome };
    await recordAudit(db, { actor: { kind: "command_line" }, action, subject, detail: all });
  };
  await write("asked");
  try {
    const result = await work();
    await write("done", told(result));
    return result;
  } catch (error) {
    // What went wrong is the answer, also where it keeps this from being written.
    await write("failed").catch(() => undefined);
    throw error;
  }
}
