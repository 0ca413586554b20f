import { basename } from "node:path";
import { SetupError } from "../shared/errors.ts";
import type { Copy } from "./copy-schema.ts";
import { loadCopy, localeFiles, localesDirectory } from "./locales.ts";
import { newsroomFaults } from "./rules.ts";
import { type NewsroomFile, newsroomSchema } from "./schema.ts";
import { readYaml } from "./yaml.ts";

type DeepReadonly<T> = T extends object ? { readonly [K in keyof T]: DeepReadonly<T[K]> } : T;

/** config/newsroom.yaml with the copy of each of its languages, frozen; keys are spelt as in the file. */
export type NewsroomConfig = DeepReadonly<
  Omit<NewsroomFile, "locales"> & { locales: string[]; copy: Record<string, Copy> }
>;

/**
 * Reads the newsroom's file and its languages. Throws a SetupError with every fault of every file at once, each with
 * file, line and key and without the value.
 */
export function loadNewsroom(path: string): NewsroomConfig {
  const directory = localesDirectory(path);
  const file = readYaml(path, basename(path), newsroomSchema);
  const faults = [...file.faults];

  const locales = file.data?.locales ?? localeFiles(directory);
  if (locales.length === 0) faults.push("locales: there is no file of any language");
  const copy = loadCopy(directory, locales, faults);
  if (file.data) faults.push(...newsroomFaults(file.data, locales).map(file.describe));
  if (!file.data || faults.length > 0) throw new SetupError(faults);
  return freeze({ ...file.data, locales: [...locales], copy });
}

function freeze<T>(value: T): DeepReadonly<T> {
  if (typeof value === "object" && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value);
    for (const part of Object.values(value)) freeze(part);
  }
  return value as DeepReadonly<T>;
}
