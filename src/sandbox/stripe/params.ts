import { z } from "zod";
import { currencyCodes, isCurrency } from "./currencies.ts";
import { notSimulated, parameterError, type StripeError } from "./errors.ts";
import type { Form } from "./form.ts";
import type { Within } from "./store.ts";

/** What a schema's refinement wants Stripe to say; `code` null where Stripe gives none. */
interface Fault {
  readonly code: string | null;
  readonly message: string;
}

type Context = z.core.$RefinementCtx;

function fail(context: Context, fault: Fault): typeof z.NEVER {
  context.addIssue({ code: "custom", message: fault.message, params: { stripe_code: fault.code } });
  return z.NEVER;
}

const leaf = z.string();

export function text(max = 5000) {
  return leaf.transform((value, context) => {
    if (value === "") return fail(context, { code: "parameter_invalid_empty", message: EMPTY });
    if (value.length > max)
      return fail(context, { code: null, message: `Invalid string: must be at most ${max} characters` });
    return value;
  });
}

/** Text that an empty value clears. */
export function clearable(max = 5000) {
  return leaf.max(max).transform((value) => (value === "" ? null : value));
}

export function integer(min = Number.MIN_SAFE_INTEGER, max = Number.MAX_SAFE_INTEGER) {
  return leaf.transform((value, context) => {
    const number = Number(value);
    if (!/^-?\d{1,16}$/.test(value) || !Number.isSafeInteger(number)) {
      return fail(context, { code: "parameter_invalid_integer", message: `Invalid integer: ${value.slice(0, 40)}` });
    }
    if (number < min) return fail(context, outOfRange("greater", min));
    if (number > max) return fail(context, outOfRange("less", max));
    return number;
  });
}

export function boolean() {
  return leaf.transform((value, context) => {
    if (value === "true") return true;
    if (value === "false") return false;
    return fail(context, { code: null, message: `Invalid boolean: ${value.slice(0, 40)}` });
  });
}

export function oneOf<const T extends readonly string[]>(...values: T) {
  return leaf.transform((value, context): T[number] => {
    if (values.includes(value)) return value;
    return fail(context, { code: null, message: `Invalid value: must be one of ${values.join(", ")}` });
  });
}

export function currency() {
  return leaf.transform((value, context) => {
    const code = value.toLowerCase();
    if (isCurrency(code)) return code;
    const known = currencyCodes().join(", ");
    return fail(context, {
      code: null,
      message: `Invalid currency: ${code.slice(0, 10)}. Stripe currently supports these currencies: ${known}`,
    });
  });
}

export function url() {
  return leaf.max(5000).transform((value, context) => {
    if (/^https?:\/\//i.test(value) && URL.canParse(value)) return value;
    return fail(context, { code: "url_invalid", message: "Not a valid URL" });
  });
}

/** An unset or empty value clears; an empty string for a key deletes it. https://docs.stripe.com/metadata */
export function metadata() {
  return z.union([z.literal("").transform(() => null), z.record(z.string(), leaf)]).transform((value, context) => {
    const entries = Object.entries(value ?? {});
    const wrong =
      entries.length > 50
        ? "Metadata can have at most 50 keys"
        : entries.some(([key]) => key.length > 40)
          ? "Metadata keys can be at most 40 characters long"
          : entries.some(([, held]) => held.length > 500)
            ? "Metadata values can be at most 500 characters long"
            : undefined;
    return wrong === undefined ? value : fail(context, { code: null, message: wrong });
  });
}

/** The metadata of a new object. */
export function newMetadata(sent: Record<string, string> | null | undefined): Record<string, string> {
  return mergeMetadata({}, sent);
}

export function mergeMetadata(
  before: Record<string, string>,
  sent: Record<string, string> | null | undefined,
): Record<string, string> {
  if (sent === null) return {};
  const merged = { ...before, ...sent };
  return Object.fromEntries(Object.entries(merged).filter(([, value]) => value !== ""));
}

/** A list comes as an object with the keys 0, 1, …; an empty value is an empty list. */
export function listOf<T extends z.ZodType>(item: T) {
  return z.preprocess((sent) => {
    if (sent === "") return [];
    if (typeof sent !== "object" || sent === null) return sent;
    const keys = Object.keys(sent);
    return keys.every((key) => /^\d{1,4}$/.test(key)) ? Object.values(sent) : sent;
  }, z.array(item));
}

/** A test of a time in whole seconds, and the bounds that it tests. */
export type TimeRange = ((time: number) => boolean) & Within;

function rangeOf(from: number, to: number): TimeRange {
  return Object.assign((time: number) => time >= from && time <= to, { from, to });
}

/** `created=…` or `created[gte]=…`. */
export function timeRange() {
  const bounds = z.strictObject({
    gt: integer().optional(),
    gte: integer().optional(),
    lt: integer().optional(),
    lte: integer().optional(),
  });
  const exactly = integer().transform((at) => rangeOf(at, at));
  const between = bounds.transform(({ gt = -Infinity, gte = -Infinity, lt = Infinity, lte = Infinity }) =>
    rangeOf(Math.max(gt + 1, gte), Math.min(lt - 1, lte)),
  );
  return z.union([between, exactly]);
}

/** Reads a form by a strict schema; every fault becomes the error that Stripe gives. */
export function parseParams<T extends z.ZodType>(
  schema: T,
  form: Form,
  unsimulated: readonly string[] = [],
): z.output<T> {
  const result = schema.safeParse(form);
  if (result.success) return result.data;
  throw toStripeError(firstIssue(result.error.issues), form, unsimulated);
}

/** Only what was sent, so that it can be spread over what was there. */
export function withoutUndefined<T extends object>(from: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(from).filter(([, value]) => value !== undefined)) as never;
}

const EMPTY =
  "You passed an empty string. We assume empty values are an attempt to unset a parameter; however this parameter cannot be unset. You should remove the parameter from your request or supply a non-empty value.";

function outOfRange(side: "greater" | "less", bound: number): Fault {
  return { code: "parameter_invalid_integer", message: `This value must be ${side} than or equal to ${bound}.` };
}

/** Stripe looks for unknown parameters first. Of a union the branch that got furthest tells what is wrong. */
function firstIssue(issues: readonly z.core.$ZodIssue[]): z.core.$ZodIssue | undefined {
  const flat = issues.flatMap(flatten);
  return flat.find((issue) => issue.code === "unrecognized_keys") ?? flat[0];
}

function flatten(issue: z.core.$ZodIssue): z.core.$ZodIssue[] {
  if (issue.code !== "invalid_union") return [issue];
  const branches = issue.errors.map((branch) => branch.flatMap(flatten));
  const told = branches.find((branch) =>
    branch.some((it) => it.code !== "invalid_type" && it.code !== "invalid_value"),
  );
  const chosen = told ?? branches[0] ?? [];
  return chosen.map((inner) => ({ ...inner, path: [...issue.path, ...inner.path] }));
}

function toStripeError(issue: z.core.$ZodIssue | undefined, form: Form, unsimulated: readonly string[]): StripeError {
  if (issue === undefined) return parameterError(null, "Invalid request");
  if (issue.code === "unrecognized_keys") {
    const name = paramName([...issue.path, issue.keys[0] ?? ""]);
    if (unsimulated.includes(name)) return notSimulated(`the parameter ${name}`, name);
    return parameterError("parameter_unknown", `Received unknown parameter: ${name}`, name);
  }
  const name = paramName(issue.path);
  if (issue.code === "custom") {
    const code: unknown = issue.params?.stripe_code;
    return parameterError(typeof code === "string" ? code : null, issue.message, name);
  }
  if (valueAt(form, issue.path) === undefined) {
    return parameterError("parameter_missing", `Missing required param: ${name}.`, name);
  }
  const kind = issue.code === "invalid_type" && issue.expected === "array" ? "array" : "object";
  if (typeof valueAt(form, issue.path) === "string" && issue.code === "invalid_type") {
    return parameterError(null, `Invalid ${kind}`, name);
  }
  return parameterError(null, `Invalid ${name}: ${issue.message}`, name);
}

function paramName(path: readonly PropertyKey[]): string {
  return path.map((key, index) => (index === 0 ? String(key) : `[${String(key)}]`)).join("");
}

function valueAt(form: Form, path: readonly PropertyKey[]): unknown {
  let at: unknown = form;
  for (const key of path) {
    if (typeof at !== "object" || at === null) return undefined;
    at = (at as Record<PropertyKey, unknown>)[key];
  }
  return at;
}
