import { type Html, html } from "../../http/html.ts";
import type { Staff } from "../../http/staff.ts";
import { csrfField, financeLayout } from "../../pages/finance/layout.page.ts";
import { isTest } from "../../pages/layout.page.ts";
import type { Place } from "../notice.page.ts";

/** What went wrong with the last search. */
export type NotFound = "invalid" | "unknown";

const FAULTS: Readonly<Record<NotFound, string>> = {
  invalid: "This doesn’t look like an e-mail address. Check it, and send it again.",
  unknown: "Nobody has given with this address. The donor may have used another one.",
};

/** Asks for an address. It is posted, so that it stands in no address of a page, no history and no log. */
export function findPage(
  { config, newsroom }: Omit<Place, "locale">,
  staff: Staff,
  found: { readonly fault: NotFound; readonly typed: string } | null = null,
): Html {
  return financeLayout(
    { title: "Donors", here: "/finance/donors", staff, newsroom, test: isTest(config) },
    html`<div class="narrow"><p>Find a donor by the e-mail address that they gave with. Each search, and each page that shows a name or an address, is written down for the administrators.</p>
<form class="fields" method="post" action="/finance/donors">${csrfField(staff.csrf)}
<p class="field"><label for="email">E-mail address</label>
<input type="email" id="email" name="email" autocomplete="off" maxlength="254" required value="${found?.typed}"${found !== null && html` aria-invalid="true" aria-describedby="email-fault"`}>
${found !== null && html`<span class="fault" id="email-fault" role="alert">${FAULTS[found.fault]}</span>`}</p>
<p class="actions"><button>Find</button></p>
</form></div>`,
  );
}
