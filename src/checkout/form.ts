import type { Copy } from "../newsroom.ts";
import { AppError } from "../shared/errors.ts";
import { canonicalCurrency } from "../shared/money.ts";
import { type AmountFault, parseMajor } from "../shared/parse-money.ts";

const FLAGS = new Set(["cover_fees", "discreet", "newsletter", "no_mail", "country_acknowledged"]);

/** What a plain HTML form sent, as the strings that it sent: shown again if something has to be mended. */
export type FormFields = Readonly<Record<string, unknown>>;

/**
 * The form's strings in the JSON body's types; what has not the form of a value is left as it is for the schema to refuse.
 * Our own form sends one choice for each frequency (`amount_monthly`), as all of them are on the page, and the text of a
 * field that is only seen when `other` is chosen. A form with the plain `amount` has both in view: there, an amount typed
 * into `other_amount` (major units, as people write them) goes before it.
 */
export function bodyOfForm(
  fields: FormFields,
  copy: Pick<Copy, "fields">,
): { readonly body: unknown; readonly key: string | null } {
  const { idempotency_key, other_amount, amount, amount_once, amount_monthly, amount_annual, ...rest } = fields;
  // Without a prototype, or a field of the name `__proto__` would be gone before the schema could refuse it.
  const body: Record<string, unknown> = Object.create(null);
  for (const [name, value] of Object.entries(rest)) {
    if (value === "") continue;
    body[name] = FLAGS.has(name) && value === "on" ? true : value;
  }
  const byFrequency: Readonly<Record<string, unknown>> = {
    once: amount_once,
    monthly: amount_monthly,
    annual: amount_annual,
  };
  const { frequency } = rest;
  const isOffered = typeof frequency === "string" && Object.hasOwn(byFrequency, frequency);
  const choice = isOffered ? byFrequency[frequency] : undefined;
  const other = typeof other_amount === "string" ? other_amount.trim() : other_amount;
  const isTyped = other !== undefined && other !== "";
  if (isChoice(choice)) body.amount = minorUnits(choice);
  else if (isTyped) body.amount = otherAmount(other, rest.currency, copy);
  else if (choice === "other") throw otherAmountFault("required", copy);
  else if (isChoice(amount)) body.amount = minorUnits(amount);
  return { body, key: typeof idempotency_key === "string" && idempotency_key !== "" ? idempotency_key : null };
}

function isChoice(value: unknown): boolean {
  return value !== undefined && value !== "" && value !== "other";
}

function minorUnits(value: unknown): unknown {
  return typeof value === "string" && /^\d{1,15}$/.test(value) ? Number(value) : value;
}

/** @throws AppError naming `other_amount`, the field that the reader typed into, in the reader's language */
function otherAmount(value: unknown, currency: unknown, copy: Pick<Copy, "fields">): unknown {
  if (typeof value !== "string" || typeof currency !== "string" || canonicalCurrency(currency) === null) return value;
  const parsed = parseMajor(value, currency);
  if (parsed.ok) return parsed.amount;
  throw otherAmountFault(parsed.fault, copy);
}

function otherAmountFault(fault: AmountFault, copy: Pick<Copy, "fields">): AppError {
  const message = copy.fields[`amount_${fault}`];
  return new AppError("invalid", "invalid_request", message, { errors: [{ path: "other_amount", message }] });
}
