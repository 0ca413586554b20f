import type { Stripe } from "../../stripe/types.ts";
import type { Reply } from "./api.ts";
import { addDefaultCard } from "./customer-cards.ts";
import { liveCustomer } from "./customers.ts";
import { factsPage } from "./hosted-page.ts";
import { newId } from "./ids.ts";
import { escapeHtml, page, pageHeaders } from "./page-layout.ts";
import type { CardBrand } from "./payment-methods.ts";
import type { World } from "./world.ts";

const OUTCOMES = ["new_card", "cancel"] as const;
const CARDS = [
  ["visa", "Visa •••• 4242", "4242"],
  ["mastercard", "Mastercard •••• 4444", "4444"],
  ["amex", "American Express •••• 0005", "0005"],
] as const satisfies readonly (readonly [CardBrand, string, string])[];
/** How long the address is good, in seconds. */
const OPEN_FOR = 3600;

/**
 * The portal's page for another card. What it does is what Stripe says: the card becomes the customer's own default; a subscription that has one
 * goes on with that. https://docs.stripe.com/customer-management/portal-deep-links
 */
export function portalReply(world: World, method: string, id: string, body: string): Reply | undefined {
  const session = world.store.get("billing_portal.session", id);
  const customer = session === undefined ? undefined : liveCustomer(world, session.customer);
  if (session === undefined || customer === undefined || session.created + OPEN_FOR < world.now()) {
    const text = "Go back to the site that sent you here, and come again from there.";
    return html(404, factsPage("This page is not there any more", text), []);
  }
  if (method === "GET" || method === "HEAD") return show(world, session, 200, null);
  if (method !== "POST") return undefined;
  const sent = new URLSearchParams(body);
  const outcome = OUTCOMES.find((it) => it === (sent.get("outcome") ?? "new_card"));
  const card = CARDS.find(([brand]) => brand === (sent.get("card") ?? "visa"));
  if (outcome === undefined || card === undefined) return show(world, session, 422, "Choose a card and a button.");
  if (outcome === "cancel") return seeOther(session.return_url ?? session.url);
  const [brand, , last4] = card;
  world.causedBy({ id: newId.request(), idempotency_key: newId.idempotencyKey() }, () =>
    addDefaultCard(world, customer, { brand, last4, country: customer.address?.country ?? "US" }),
  );
  world.store.commit();
  return seeOther(session.flow?.after_completion.redirect?.return_url ?? session.return_url ?? session.url);
}

function show(world: World, session: Stripe.BillingPortal.Session, status: number, alert: string | null): Reply {
  const options = CARDS.map(([brand, label]) => `<option value="${brand}">${label}</option>`).join("");
  const main = `<main class="single"><div class="card">
<p class="payee">${escapeHtml(world.account.name)}</p>
<h1>Add a payment method</h1>
${alert === null ? "" : `<p class="alert" role="alert"><strong>${escapeHtml(alert)}</strong></p>`}
<form method="post" action="/p/session/${escapeHtml(session.id)}">
<label class="field"><span>Simulated card</span><select name="card">${options}</select></label>
<button class="main" name="outcome" value="new_card">Pay with this card from now on</button>
<p class="back"><button name="outcome" value="cancel">Go back without a change</button></p>
</form>
</div></main>`;
  const targets = [session.return_url, session.flow?.after_completion.redirect?.return_url ?? null];
  return html(status, page("Add a payment method", main), targets);
}

function html(status: number, body: string, targets: readonly (string | null)[]): Reply {
  return { status, headers: pageHeaders(targets), body };
}

function seeOther(location: string): Reply {
  const headers = { Location: location, "Cache-Control": "no-store", "Referrer-Policy": "no-referrer" };
  return { status: 303, headers, body: "" };
}
