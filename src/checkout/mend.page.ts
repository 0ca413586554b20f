import { type Html, html } from "../http/html.ts";
import type { AppError } from "../shared/errors.ts";
import type { FormFields } from "./form.ts";
import type { CheckoutDeps } from "./start.ts";

/** Says what to mend and keeps what was typed. */
export function mendPage(
  _deps: Pick<CheckoutDeps, "newsroom" | "now">,
  _fields: FormFields,
  _error: AppError | null,
): Html {
  return html`<!doctype html>`;
}
