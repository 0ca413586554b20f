import { type Html, html } from "../http/html.ts";

/**
 * Puts values into a sentence of the copy. Text is escaped and kept apart from the direction of the text around it, so
 * that a Latin name stays whole in an Arabic sentence; markup goes in as it is. Throws when a value is missing.
 */
export function fillHtml(template: string, values: Readonly<Record<string, Html | string>>): Html {
  const parts = template.split(/\{([a-z_]+)\}/).map((part, index) => {
    if (index % 2 === 0) return part;
    const value = Object.hasOwn(values, part) ? values[part] : undefined;
    if (value === undefined) throw new Error(`The copy needs a value for {${part}}.`);
    return typeof value === "string" ? html`<bdi>${value}</bdi>` : value;
  });
  return html`${parts}`;
}
