import { migrateToLatest } from "../db/migrate.ts";
import { SetupError } from "../shared/errors.ts";
import type { CommandContext } from "./command.ts";

export async function migrateCommand({ db }: CommandContext, args: readonly string[]): Promise<void> {
  if (args.length > 0) throw new SetupError(["Use: migrate (it takes nothing more)"]);
  const applied = await migrateToLatest(db, console.log);
  console.log(applied.length === 0 ? "Nothing to do: the database is up to date." : `Applied: ${applied.join(", ")}`);
}
