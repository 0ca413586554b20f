/** The plural forms of one sentence by CLDR category; `other` is always there. */
export type PluralForms = Readonly<Partial<Record<Intl.LDMLPluralRule, string | undefined>>> & {
  readonly other: string;
};

const PLACEHOLDER = /\{([a-z_]+)\}/g;

/** Names of the placeholders in a template, each once, sorted: `"{amount} for {newsroom}"` → `amount, newsroom`. */
export function placeholders(template: string): readonly string[] {
  return [...new Set([...template.matchAll(PLACEHOLDER)].map(([, name]) => name ?? ""))].sort();
}

/**
 * Puts values into a template: `fill("Hello {name}", {name: "you"})`. Throws when one is missing, so that no reader
 * sees braces. What is put in is not looked at again, and not escaped: that is up to whoever writes the HTML.
 */
export function fill(template: string, values: Readonly<Record<string, string | number>>): string {
  return template.replace(PLACEHOLDER, (_, name: string) => {
    const value = Object.hasOwn(values, name) ? values[name] : undefined;
    if (value === undefined) throw new Error(`The copy needs a value for {${name}}.`);
    return String(value);
  });
}

/** The form that fits `n` in that language, with `{n}` filled in. */
export function plural(locale: string, forms: PluralForms, n: number): string {
  const category = pluralRules(locale).select(n);
  return fill(forms[category] ?? forms.other, { n: new Intl.NumberFormat(locale).format(n) });
}

/** The categories that a language has, such as `one, few, many, other` for Russian. */
export function pluralCategories(locale: string): readonly Intl.LDMLPluralRule[] {
  return pluralRules(locale).resolvedOptions().pluralCategories;
}

const rules = new Map<string, Intl.PluralRules>();

function pluralRules(locale: string): Intl.PluralRules {
  const kept = rules.get(locale);
  if (kept) return kept;
  const made = new Intl.PluralRules(locale);
  rules.set(locale, made);
  return made;
}
