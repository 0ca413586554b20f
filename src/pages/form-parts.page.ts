import { type Html, html } from "../http/html.ts";
import type { NewsroomConfig } from "../newsroom.ts";
import { type Chosen, type FormValues, isTicked } from "./form-values.ts";

/** A fault in what was sent, said in the reader's language; `field` is the id of what it is about, if it can be seen. */
export interface Fault {
  readonly field: string | null;
  readonly message: string;
}

/** Everything that the parts of the donation form need. */
export interface FormContext {
  readonly newsroom: NewsroomConfig;
  readonly copy: NewsroomConfig["copy"][string];
  readonly locale: string;
  readonly currency: string;
  readonly chosen: Chosen;
  readonly values: FormValues;
  readonly faults: readonly Fault[];
}

/** The message of a field that has a fault, and its id to tie the field to it. */
export function faultOf(
  { faults }: FormContext,
  field: string,
): { readonly text: Html | null; readonly id: string | null } {
  const fault = faults.find((each) => each.field === field);
  if (fault === undefined) return { text: null, id: null };
  const id = `${field}-fault`;
  return { text: html`<p class="fault" id="${id}">${fault.message}</p>`, id };
}

/** A checkbox with what it means. */
export function tick(context: FormContext, name: string, label: string, hint: string | null): Html {
  const id = `gift-${name}`;
  const fault = faultOf(context, id);
  const described = [fault.id, hint && `${id}-hint`].filter(Boolean).join(" ");
  return html`<div class="tick">
<input type="checkbox" name="${name}" id="${id}"${isTicked(context.values, name) && html` checked`}${
    described !== "" && html` aria-describedby="${described}"`
  }${fault.id && html` aria-invalid="true"`}>
<label for="${id}">${label}</label>
${fault.text}
${hint && html`<p class="hint" id="${id}-hint">${hint}</p>`}
</div>`;
}

/**
 * Words with an amount that only the browser knows, because it is being typed: the script writes them; without one, what
 * is said instead stays.
 */
export function live(template: string, amount: "fee" | "total", otherwise: Html | string): Html {
  return html`<span class="is-other"><span data-template="${template}" data-amount="${amount}" hidden></span><span>${otherwise}</span></span>`;
}
