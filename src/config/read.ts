import { readFileSync } from "node:fs";
import type { z } from "zod";

/** Variables that can also be given as `NAME_FILE`, the path of a file that holds the value. */
export const SECRETS = [
  "DATABASE_URL",
  "DATABASE_DIRECT_URL",
  "REPORTS_DATABASE_URL",
  "STRIPE_SECRET_KEY",
  "STRIPE_WEBHOOK_SECRET",
  "SMTP_URL",
  "DATA_KEYS",
] as const;

const secrets: readonly string[] = SECRETS;

/** Reads variables one after the other and keeps what is wrong with each, named by its key and never by its value. */
export interface EnvReader {
  readonly faults: readonly string[];
  /** The value of `key`, or null when it is unset or at fault. */
  read<T>(key: string, schema: z.ZodType<T, string>): T | null;
  fault(key: string, message: string): void;
  /** Whether anything was given for `key`, fit or not. */
  given(key: string): boolean;
}

/**
 * A blank variable counts as unset where compose files pass empty ones along, which is in development and for what is
 * no secret; a blank secret, and anything blank in production, is a fault.
 */
export function envReader(env: NodeJS.ProcessEnv, production: boolean): EnvReader {
  const faults: string[] = [];
  const fault = (key: string, message: string) => {
    faults.push(`${key}: ${message}`);
  };

  const fromFile = (key: string): string | null => {
    const path = env[key] ?? "";
    if (path.trim() === "") return blank(key, "is set but blank; give the path of a file or unset it");
    try {
      const content = readFileSync(path, "utf8").trim();
      return content === "" ? blank(key, "names a file that is blank") : content;
    } catch (error) {
      const code = (error as NodeJS.ErrnoException).code ?? "unknown error";
      return blank(key, `names a file that can't be read (${code})`);
    }
  };
  const blank = (key: string, message: string): null => {
    fault(key, message);
    return null;
  };

  const raw = (key: string): string | null => {
    const value = env[key];
    const file = `${key}_FILE`;
    if (secrets.includes(key) && env[file] !== undefined) {
      if (value === undefined) return fromFile(file);
      return blank(key, `is given twice, also as ${file}; keep one of them`);
    }
    if (value === undefined) return null;
    if (value.trim() !== "") return value.trim();
    if (!production && !secrets.includes(key)) return null;
    return blank(key, "is set but blank; give it a value or unset it");
  };

  return {
    faults,
    fault,
    given: (key) => env[key] !== undefined || (secrets.includes(key) && env[`${key}_FILE`] !== undefined),
    read(key, schema) {
      const value = raw(key);
      if (value === null) return null;
      const result = schema.safeParse(value);
      if (result.success) return result.data;
      for (const message of new Set(result.error.issues.map((issue) => issue.message))) fault(key, message);
      return null;
    },
  };
}
