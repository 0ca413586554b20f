import type { Stripe } from "../../stripe/types.ts";
import { formatAmount } from "./currencies.ts";
import { escapeHtml, page } from "./page-layout.ts";
import { isoSeconds } from "./periods.ts";
import type { World } from "./world.ts";

const OUTCOMES = [
  ["authenticate", "Confirm with the bank, then pay", "3-D Secure: the payment needs an action first"],
  ["decline", "Be declined", "The bank refuses; the invoice stays open for another try"],
] as const;

/** The page of an invoice: a form while it can be paid, facts otherwise. */
export function invoicePage(world: World, invoice: Stripe.Invoice, alert: string | null, payable: boolean): string {
  const total = formatAmount(invoice.total, invoice.currency);
  const facts = [
    ["From", world.account.name],
    ["Number", invoice.number ?? "draft"],
    ["Amount", total],
    ["Date", isoSeconds(invoice.created)],
    ["Status", invoice.status ?? ""],
  ] as const;
  const rows = facts.map(([name, value]) => `<dt>${escapeHtml(name)}</dt><dd>${escapeHtml(value)}</dd>`).join("");
  return page(
    `Invoice of ${total}`,
    `<main class="single"><div class="card">
<h1>${escapeHtml(payable ? `Pay ${total}` : "Invoice")}</h1>
<p class="muted">Of a simulated subscription.</p>
${alert === null ? "" : `<p class="alert" role="alert"><strong>${escapeHtml(alert)}</strong></p>`}
<dl>${rows}</dl>
${payable ? form(invoice, total) : ""}
</div></main>`,
  );
}

function form(invoice: Stripe.Invoice, total: string): string {
  const others = OUTCOMES.map(
    ([value, label, note]) =>
      `<li><button name="outcome" value="${value}">${label}<small>${note}</small></button></li>`,
  );
  return `<form method="post" action="/i/${escapeHtml(invoice.id)}">
<button class="main" name="outcome" value="pay">${escapeHtml(`Pay ${total} with another card`)}</button>
<div class="others" role="group" aria-labelledby="others"><h2 id="others">Or see what else can happen</h2><ul>${others.join("")}</ul></div>
</form>`;
}
