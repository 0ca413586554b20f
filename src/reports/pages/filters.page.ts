import { type Html, html } from "../../http/html.ts";
import { firstOfMonth, localDate } from "../../shared/period.ts";
import type { Asked, Typed } from "./ask.ts";

interface Option {
  readonly value: string;
  readonly name: string;
}

interface FieldBase {
  readonly name: string;
  readonly label: string;
}

export interface TextField extends FieldBase {
  readonly kind: "text" | "date" | "number";
  /** What stands there unless something else was typed. */
  readonly value?: string | undefined;
  readonly hint?: string;
  readonly required?: boolean;
}

export interface ChoiceField extends FieldBase {
  readonly kind: "choice";
  readonly value?: string | undefined;
  readonly options: readonly Option[];
}

export type Field = TextField | ChoiceField;

export interface Form {
  /** Where it leads, by GET. */
  readonly action: string;
  /** Unique on its page; its fields' ids begin with it. */
  readonly id: string;
  readonly fields: readonly Field[];
  readonly button: string;
}

type Told = Pick<Asked<unknown>, "typed" | "faults">;

/** A form that asks by its address, so that what it shows can be linked to. What was wrong stands beside its field, with what was typed. */
export function filterForm({ action, id, fields, button }: Form, { typed, faults }: Told): Html {
  const named = new Set(fields.map(({ name }) => name));
  const others = faults.filter(({ path }) => !named.has(path));
  return html`${
    faults.length > 0 &&
    html`<div class="alert" role="alert"><p>This can’t be used yet: mend what is marked below.</p>${
      others.length > 0 &&
      html`<ul>${others.map(({ path, message }) => html`<li>${path !== "" && html`<code>${path}</code>: `}${message}</li>`)}</ul>`
    }</div>`
  }
<form class="filters" method="get" action="${action}">
${fields.map((field) => labelled(field, id, typed[field.name], faults.find(({ path }) => path === field.name)?.message))}
<p><button>${button}</button></p>
</form>
<p class="on-paper">${fields.map((field) => shownOnPaper(field, typed[field.name]))}</p>`;
}

/** Paper has no form: what was asked for stands there as text. */
function shownOnPaper({ label, value }: Field, typed: string | undefined): Html | null {
  const shown = typed ?? value ?? "";
  return shown === "" ? null : html`<span>${label}: ${shown}</span> `;
}

function labelled(field: Field, form: string, typed: string | undefined, fault: string | undefined): Html {
  const id = `${form}-${field.name}`;
  const value = typed ?? field.value ?? "";
  const told = fault === undefined ? null : html` aria-invalid="true" aria-describedby="${id}-fault"`;
  return html`<p><label for="${id}">${field.label}</label>
${field.kind === "choice" ? select(field, id, value, told) : input(field, id, value, told)}
${fault !== undefined && html`<span class="fault" id="${id}-fault">${fault}</span>`}</p>`;
}

/** A date that can't be one would vanish from a field for dates, so it is shown as text. */
function input({ name, kind, required, hint }: TextField, id: string, value: string, told: Html | null): Html {
  const type = kind === "date" && told !== null ? "text" : kind;
  return html`<input id="${id}" type="${type}" name="${name}" value="${value}"${type === "number" && html` min="1"`}${
    hint !== undefined && html` placeholder="${hint}"`
  }${required === true && html` required`}${told}>`;
}

function select({ name, options }: ChoiceField, id: string, value: string, told: Html | null): Html {
  return html`<select id="${id}" name="${name}"${told}>${options.map(
    (option) =>
      html`<option value="${option.value}"${option.value === value && html` selected`}>${option.name}</option>`,
  )}</select>`;
}

interface Days {
  readonly from: string;
  readonly to: string;
}

/** The fields `from` and `to` of every report. */
export function periodFields(days: Days | null): readonly TextField[] {
  return [
    { kind: "date", name: "from", label: "From", value: days?.from },
    { kind: "date", name: "to", label: "Before (not included)", value: days?.to },
  ];
}

export function choices(values: readonly string[], nameOf: (value: string) => string = (value) => value) {
  return values.map((value) => ({ value, name: nameOf(value) }));
}

/** Links to the periods that are asked for most. @param others what else the page was asked for, and keeps */
export function shortcuts(
  path: string,
  { now, timeZone }: { readonly now: Date; readonly timeZone: string },
  shown: Days | null,
  others: Readonly<Record<string, string>> = {},
): Html {
  const links = commonPeriods(now, timeZone).map(({ name, from, to }) => {
    const isShown = shown?.from === from && shown.to === to;
    const query = new URLSearchParams({ ...others, from, to });
    return html`<li><a href="${path}?${query.toString()}"${isShown && html` aria-current="true"`}>${name}</a></li>`;
  });
  return html`<ul class="shortcuts">${links}</ul>`;
}

function commonPeriods(now: Date, timeZone: string): readonly (Days & { readonly name: string })[] {
  const [year = 0, month = 0] = localDate(now, timeZone).split("-").map(Number);
  return [
    { name: "This month", from: firstOfMonth(year, month), to: firstOfMonth(year, month + 1) },
    { name: "Last month", from: firstOfMonth(year, month - 1), to: firstOfMonth(year, month) },
    { name: "This year", from: firstOfMonth(year, 1), to: firstOfMonth(year + 1, 1) },
    { name: "Last year", from: firstOfMonth(year - 1, 1), to: firstOfMonth(year, 1) },
  ];
}

/** The way to the rows behind those that are shown, as many at once. */
export function more(
  path: string,
  query: Readonly<Record<string, string>>,
  cursor: string | null,
  { limit }: Typed,
): Html | null {
  if (cursor === null) return null;
  const next = new URLSearchParams({ ...query, ...(limit === undefined ? {} : { limit }), cursor }).toString();
  return html`<p class="pages"><a href="${path}?${next}" rel="next">The next ones</a></p>`;
}
