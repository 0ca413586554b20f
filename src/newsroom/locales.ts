import { existsSync, readdirSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { pluralCategories } from "../shared/copy.ts";
import { type Copy, copySchema } from "./copy-schema.ts";
import { type FileFault, readYaml } from "./yaml.ts";

const OWN_LOCALES = resolve(import.meta.dirname, "../../config/locales");

/** `locales/` beside the newsroom's file, or the product's own where there is none. */
export function localesDirectory(newsroomPath: string): string {
  const beside = join(dirname(newsroomPath), "locales");
  return existsSync(beside) ? beside : OWN_LOCALES;
}

/** The languages that have a file, in the order of the alphabet. */
export function localeFiles(directory: string): readonly string[] {
  try {
    return readdirSync(directory)
      .filter((name) => /^[a-z]{2,3}(?:-[A-Za-z0-9]{2,8})*\.yaml$/.test(name))
      .map((name) => name.slice(0, -".yaml".length))
      .sort();
  } catch {
    return [];
  }
}

/** Loads each language; what is wrong with any of them is added to `faults`. */
export function loadCopy(directory: string, locales: readonly string[], faults: string[]): Record<string, Copy> {
  const copy: Record<string, Copy> = {};
  for (const locale of locales) {
    const file = readYaml(join(directory, `${locale}.yaml`), `locales/${locale}.yaml`, copySchema);
    faults.push(...file.faults);
    if (!file.data) continue;
    faults.push(...pluralFaults(locale, file.data).map(file.describe));
    copy[locale] = file.data;
  }
  return copy;
}

/**
 * Every category that a count can meet in that language must be there, none that the language hasn't, and `{n}` in each
 * that stands for more than one number: Russian's `one` is also 21.
 */
function pluralFaults(locale: string, copy: Copy): readonly FileFault[] {
  const path = (category: string) => ["remind", "in_months", category];
  const rules = new Intl.PluralRules(locale);
  const counts = Map.groupBy(
    Array.from({ length: 200 }, (_, n) => n),
    (n) => rules.select(n),
  );
  const categories = pluralCategories(locale);
  const missing = categories.filter(
    (category) => counts.has(category) && copy.remind.in_months[category] === undefined,
  );
  const given = Object.entries(copy.remind.in_months).filter(([, sentence]) => sentence !== undefined);
  return [
    ...missing.map((category) => ({
      path: path(category),
      message: "is missing; the language needs this plural form",
    })),
    ...given.flatMap(([category, sentence]) => {
      const rule = category as Intl.LDMLPluralRule;
      if (!categories.includes(rule))
        return [{ path: path(category), message: "is a plural form that the language hasn't" }];
      const several = (counts.get(rule)?.length ?? 2) > 1;
      return several && !sentence?.includes("{n}") ? [{ path: path(category), message: "needs {n}" }] : [];
    }),
  ];
}
