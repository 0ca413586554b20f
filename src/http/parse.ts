import type { z } from "zod";
import { AppError, type FieldError } from "../shared/errors.ts";

/** Faults named in one answer: enough to mend a form, too few to blow up a response. */
const LISTED = 50;

/**
 * What was sent, in the form that was asked for.
 * @throws AppError `invalid_request` with the path of every fault; messages say what is expected, never what was sent
 */
export function parse<Schema extends z.ZodType>(schema: Schema, value: unknown): z.output<Schema> {
  const reserved = reservedKeys(value);
  const result = schema.safeParse(value);
  if (result.success && reserved.length === 0) return result.data;
  const errors = [...reserved, ...(result.success ? [] : result.error.issues.flatMap(faultsOf))];
  throw new AppError(
    "invalid",
    "invalid_request",
    "Some fields are missing or not as expected. Mend those listed and send again.",
    { errors: onePerPath(errors).slice(0, LISTED) },
  );
}

function onePerPath(errors: readonly FieldError[]): readonly FieldError[] {
  const seen = new Set<string>();
  return errors.filter(({ path }) => !seen.has(path) && seen.add(path));
}

function faultsOf(issue: z.core.$ZodIssue): readonly FieldError[] {
  const path = pathOf(issue.path.map(String));
  if (issue.code === "unrecognized_keys") {
    return issue.keys.map((key) => unknown(pathOf([...issue.path.map(String), key])));
  }
  if (issue.code === "invalid_union") return [{ path, message: issue.message }];
  return [{ path, message: sentence(issue) }];
}

/** zod's own messages quote what was sent in some cases, so each code has its own words unless the schema gave some. */
function sentence(issue: z.core.$ZodIssue): string {
  switch (issue.code) {
    case "invalid_type":
      return `Expected ${article(String(issue.expected))}.`;
    case "invalid_value":
      return `Expected one of: ${issue.values.map(String).join(", ")}.`;
    case "too_big":
      return `Expected at most ${issue.maximum}${unit(issue.origin)}.`;
    case "too_small":
      return `Expected at least ${issue.minimum}${unit(issue.origin)}.`;
    case "custom":
      return issue.message;
    default:
      return issue.message.startsWith("Invalid") ? "This is not in the expected form." : issue.message;
  }
}

function article(expected: string): string {
  if (expected === "int") return "a whole number";
  return /^[aeiou]/.test(expected) ? `an ${expected}` : `a ${expected}`;
}

function unit(origin: string): string {
  return origin === "string" ? " characters" : "";
}

/** No body of ours has objects in objects deeper than this. */
const DEEPEST = 8;

/**
 * JSON can carry `__proto__` as a key, which object literals and some validators drop without a word. Looks no deeper than any schema does:
 * what lies below is refused by its parent.
 */
function reservedKeys(value: unknown, above: readonly string[] = []): readonly FieldError[] {
  if (typeof value !== "object" || value === null || above.length > DEEPEST) return [];
  return Object.keys(value).flatMap((key) => {
    const at = [...above, key];
    if (key === "__proto__") return [unknown(pathOf(at))];
    return reservedKeys((value as Record<string, unknown>)[key], at);
  });
}

function unknown(path: string): FieldError {
  return { path, message: "This field is not known." };
}

/** A name is sent by the client too, and may name somebody: shown only where it is as plain as a field's. */
function pathOf(steps: readonly string[]): string {
  return steps.map((step) => (/^[\w$.[\]-]{1,64}$/.test(step) ? step : "(a name that can't be shown)")).join(".");
}
