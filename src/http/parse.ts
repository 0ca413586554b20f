import type { z } from "zod";
import { AppError, type FieldError } from "../shared/errors.ts";

/** Faults named in one answer: enough to mend a form, too few to blow up a response. */
const LISTED = 50;

/**
 * What was sent, in the form that was asked for.
 * @throws AppError `invalid_request` with the path of every fault; messages say what is expected, never what was sent
 */
export function parse<Schema extends z.ZodType>(schema: Schema, value: unknown): z.output<Schema> {
  const result = schema.safeParse(value);
  const reserved = reservedKeys(value);
  if (result.success && reserved.length === 0) return result.data;
  const errors = [...reserved, ...(result.success ? [] : result.error.issues.flatMap(faultsOf))].slice(0, LISTED);
  throw new AppError(
    "invalid",
    "invalid_request",
    "Some fields are missing or not as expected. Mend those listed and send again.",
    { errors },
  );
}

function faultsOf(issue: z.core.$ZodIssue): readonly FieldError[] {
  const path = issue.path.map(String).join(".");
  if (issue.code === "unrecognized_keys") {
    return issue.keys.map((key) => ({
      path: [path, printable(key)].filter(Boolean).join("."),
      message: "This field is not known.",
    }));
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

/** JSON can carry `__proto__` as a key, which object literals and some validators drop without a word. */
function reservedKeys(value: unknown, path = ""): readonly FieldError[] {
  if (typeof value !== "object" || value === null) return [];
  return Object.keys(value).flatMap((key) => {
    const at = path === "" ? key : `${path}.${key}`;
    if (key === "__proto__") return [{ path: at, message: "This field is not known." }];
    return reservedKeys((value as Record<string, unknown>)[key], at);
  });
}

/** A key is sent by the client too: shown only as far as it is a plain name. */
function printable(key: string): string {
  return /^[\w$.[\]-]{1,64}$/.test(key) ? key : "(a name that can't be shown)";
}
