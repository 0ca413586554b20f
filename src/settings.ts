import type { Config, DataKey } from "./config.ts";
import { databaseTrouble } from "./shared/database-trouble.ts";
import { SetupError } from "./shared/errors.ts";

/** What a process runs on, whether the sandbox made it or the environment named it. */
export interface Settings {
  readonly config: Config;
  readonly now: () => Date;
  /** Reads the data keys from where they are kept, anew at each call. */
  readonly loadKeys: () => readonly DataKey[];
}

export function databaseUrlOf(config: Config): string {
  if (config.databaseUrl !== null) return config.databaseUrl;
  throw new SetupError([
    "DATABASE_URL: is not set, and no `npm start` is running on this DATA_DIR. Set it, or run `npm start` first.",
  ]);
}

/** A database that can't be reached or isn't migrated, in words that name the setting; all else as it is. */
export function asSetupError(error: unknown): unknown {
  if (!(error instanceof Error)) return error;
  const code = (error as NodeJS.ErrnoException).code ?? "";
  if (code === "42P01") {
    return new SetupError(["The database has no tables yet. Run `npm run donations -- migrate`, then start again."]);
  }
  const trouble = databaseTrouble(error);
  if (trouble === null) return error;
  if (trouble === "silent") {
    return new SetupError([
      "DATABASE_URL: the database doesn't answer. Check its host and port, and what lies between.",
    ]);
  }
  return new SetupError([
    `DATABASE_URL: the database refuses (${trouble.code}). Check its host, port, name, user and password, and that it runs.`,
  ]);
}
