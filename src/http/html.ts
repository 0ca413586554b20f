const RAW = Symbol("html");

/** Markup that has been escaped, as `html` makes it. */
export interface Html {
  readonly [RAW]: true;
  readonly text: string;
}

type Value = Html | string | number | null | undefined | false | readonly Value[];

/** Markup with every value escaped, for text and for quoted attributes; lists are joined, null and false are left out. */
export function html(strings: TemplateStringsArray, ...values: readonly Value[]): Html {
  const text = strings.map((part, index) => part + (index < values.length ? render(values[index]) : "")).join("");
  return { [RAW]: true, text };
}

function render(value: Value): string {
  if (value === null || value === undefined || value === false) return "";
  if (Array.isArray(value)) return value.map(render).join("");
  if (typeof value === "object" && RAW in value) return value.text;
  return escapeText(String(value));
}

function escapeText(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
