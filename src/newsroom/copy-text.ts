import { z } from "zod";
import { placeholders } from "../shared/copy.ts";

/**
 * A sentence with the placeholders that it must have; one too few or too many is a fault when the file is loaded, not
 * when a reader meets it.
 */
export function text(...names: readonly string[]) {
  const expected = names.map((name) => `{${name}}`).join(" and ");
  return z
    .string("expected text; put it in quotes")
    .trim()
    .min(1, "must not be empty")
    .superRefine((sentence, context) => {
      const found = placeholders(sentence);
      const allowed = names.length === 0 ? "must have no placeholder" : `may have no placeholder but ${expected}`;
      if (names.some((name) => !found.includes(name))) context.addIssue(`needs ${expected}`);
      else if (found.some((name) => !names.includes(name))) context.addIssue(allowed);
      else if (/[{}]/.test(sentence.replace(/\{[a-z_]+\}/g, ""))) context.addIssue("has a brace without its partner");
    });
}

export const byFrequency = <T extends z.ZodType>(sentence: T) =>
  z.strictObject({ once: sentence, monthly: sentence, annual: sentence });
