import { z } from "zod";
import { AUDIT_ACTIONS } from "../audit/record.queries.ts";
import { isDate } from "../shared/period.ts";

/** A filter that was left empty sends an empty text. */
const optional = <Schema extends z.ZodType>(schema: Schema) =>
  z.preprocess((value) => (value === "" ? undefined : value), schema.optional());
const day = z.string().refine(isDate, "Expected a day as YYYY-MM-DD.");

/** What `/finance/audit` can be asked for. */
export const auditQuery = z.strictObject({
  action: optional(z.enum(AUDIT_ACTIONS)),
  actor: optional(z.uuid("Expected the id of a member of staff or of a token.")),
  subject: optional(z.string().max(200)),
  from: optional(day),
  to: optional(day),
  before: optional(z.uuid("Expected the place that a link to older entries names.")),
});

export type AuditQuery = z.output<typeof auditQuery>;
