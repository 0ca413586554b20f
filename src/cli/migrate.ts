import { migrateToLatest } from "../db/migrate.ts";
import type { CommandContext } from "./command.ts";

export async function migrateCommand({ db }: CommandContext): Promise<void> {
  const applied = await migrateToLatest(db);
  console.log(applied.length === 0 ? "Nothing to do: the database is up to date." : `Applied: ${applied.join(", ")}`);
}
