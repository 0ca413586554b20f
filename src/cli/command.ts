import type { Kysely } from "kysely";
import { readConfig } from "../config.ts";
import { createDatabase, createPool } from "../db/client.ts";
import type { DB } from "../db/schema.ts";
import { databaseUrlOf, type Settings } from "../settings.ts";

export interface CommandContext {
  readonly settings: Settings;
  readonly db: Kysely<DB>;
}

export interface Command {
  /** For the list of commands: how it is called, and what that does. */
  readonly calls: Readonly<Record<string, string>>;
  /** Each command's code is loaded when it is called: most need neither Stripe nor the reports. */
  readonly load: () => Promise<Prepare>;
}

/** Reads what stands behind the verb, before anything is connected. @throws SetupError that says what was expected */
export type Prepare = (args: readonly string[]) => Run;

export type Run = (context: CommandContext) => Promise<void>;

/** Runs an operator's command on the database of the environment, or of the `npm start` that runs on this DATA_DIR. */
export async function runCommand(command: Command, args: readonly string[]): Promise<void> {
  const prepare = await command.load();
  const run = prepare(args);
  const { settings, close } = await settingsOfCommand();
  const db = createDatabase(
    createPool({
      url: databaseUrlOf(settings.config),
      max: 2,
      name: "reader-donations command",
      onError: () => undefined,
    }),
  );
  try {
    await run({ settings, db });
  } finally {
    await db.destroy();
    close();
  }
}

async function settingsOfCommand(): Promise<{ readonly settings: Settings; close(): void }> {
  const config = readConfig();
  if (config.environment === "production") {
    return {
      settings: { config, now: () => new Date(), loadKeys: () => config.dataKeys ?? [] },
      close: () => undefined,
    };
  }
  const { attach } = await import("../sandbox/attach.ts");
  const attached = attach(config);
  return { settings: attached, close: attached.close };
}
