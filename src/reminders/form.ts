import type { FormValues } from "../pages/form-values.ts";
import { isTimeZone } from "../shared/period.ts";

/**
 * The form's strings in the JSON body's types; what has not the form of a value is left as it is for the schema to refuse. Our own form
 * sends `when`: a number of months, or `on` for the day in the field beside it, which is sent whatever was chosen.
 */
export function bodyOfForm(fields: FormValues): unknown {
  const { when, in_months, on, amount, newsletter, discreet, time_zone, ...rest } = fields;
  // Without a prototype, or a field of the name `__proto__` would be gone before the schema could refuse it.
  const body: Record<string, unknown> = Object.create(null);
  const put = (name: string, value: unknown) => {
    if (value !== undefined && value !== "") body[name] = value;
  };
  for (const [name, value] of Object.entries(rest)) put(name, value);
  // A script wrote it, and no reader could mend it.
  if (typeof time_zone !== "string" || isTimeZone(time_zone)) put("time_zone", time_zone);
  put("amount", whole(amount));
  put("newsletter", newsletter === "on" ? true : newsletter);
  put("discreet", discreet === "on" ? true : discreet);
  if (when === undefined || when === "on") put("on", on);
  if (when === undefined) put("in_months", whole(in_months));
  else if (when !== "on") put("in_months", whole(when));
  return body;
}

function whole(value: unknown): unknown {
  return typeof value === "string" && /^\d{1,15}$/.test(value) ? Number(value) : value;
}
