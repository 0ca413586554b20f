import { migrateToLatest } from "../db/migrate.ts";
import { SetupError } from "../shared/errors.ts";
import type { Run } from "./command.ts";

export function migrateCommand(args: readonly string[]): Run {
  if (args.length > 0) throw new SetupError(["Use: migrate (it takes nothing more)"]);
  return async ({ db }) => {
    const applied = await migrateToLatest(db, console.log);
    console.log(applied.length === 0 ? "Nothing to do: the database is up to date." : `Applied: ${applied.join(", ")}`);
  };
}
