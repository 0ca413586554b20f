import type { Stripe } from "../../stripe/types.ts";
import { formatAmount } from "./currencies.ts";
import { escapeHtml, page } from "./page-layout.ts";
import type { World } from "./world.ts";

/** What the form shows again after something was wrong with it. */
export interface Typed {
  readonly email: string;
  readonly name: string;
  readonly country: string;
  readonly card: string;
  readonly wallet: string;
}

type Session = Stripe.Checkout.Session;

const CARDS = [
  ["visa", "Visa •••• 4242"],
  ["mastercard", "Mastercard •••• 4444"],
  ["amex", "American Express •••• 0005"],
] as const;
const WALLETS = [
  ["", "Card"],
  ["apple_pay", "Apple Pay"],
  ["google_pay", "Google Pay"],
] as const;
const OTHER_OUTCOMES = [
  ["authenticate", "Confirm with the bank, then pay", "3-D Secure: the payment needs an action first"],
  ["decline", "Be declined", "The bank refuses; the page stays open for another try"],
  ["pay_later", "Pay later by bank debit", "Processing for three days, then the money arrives"],
  ["pay_later_fail", "Pay later, and fail", "Processing for three days, then the debit is refused"],
] as const;
const COUNTRIES =
  "AR AT AU BE BG BR BY CA CH CL CN CO CY CZ DE DK EE EG ES FI FR GB GE GR HK HR HU IE IL IN IS IT JP KE KR KZ LT LU LV MD ME MK MT MX MY NG NL NO NZ PL PT RO RS RU SE SG SI SK TH TR TW UA US UZ ZA".split(
    " ",
  );
const countryNames = new Intl.DisplayNames(["en"], { type: "region" });

/** The page on which a person pays, or chooses another of the things that can happen. */
export function payPage(
  world: World,
  session: Session,
  typed: Typed,
  faults: readonly string[],
  declined: boolean,
): string {
  const total = formatAmount(session.amount_total ?? 0, session.currency ?? "");
  const verb = session.mode === "subscription" ? "Subscribe for" : session.submit_type === "donate" ? "Donate" : "Pay";
  return page(
    `${verb} ${total}`,
    `<main class="pay">
<section class="summary" aria-label="What you pay">
${summary(world, session, total)}
</section>
<section class="card" aria-label="Your details">
${alertBox(faults, declined)}
<form method="post" action="${escapeHtml(new URL(session.url ?? world.baseUrl()).pathname)}">
<label class="field"><span>E-mail</span><input type="email" name="email" autocomplete="email" required maxlength="512" value="${escapeHtml(typed.email)}"${session.customer_email === null ? "" : " readonly"}></label>
<fieldset><legend>Pay with</legend>
<div class="choices">${WALLETS.map(([value, label]) => radio(value, label, typed.wallet)).join("")}</div>
<label><span>Simulated card</span><select name="card">${CARDS.map(([value, label]) => option(value, label, typed.card)).join("")}</select></label>
</fieldset>
<label class="field"><span>Name on the card</span><input type="text" name="name" autocomplete="name" required maxlength="256" value="${escapeHtml(typed.name)}"></label>
<label class="field"><span>Country</span><select name="country" autocomplete="country">${countryOptions(typed.country)}</select></label>
${terms(session)}
<button class="main" name="outcome" value="pay">${escapeHtml(`${verb} ${total}`)}</button>
<div class="others" role="group" aria-labelledby="others">
<h2 id="others">Or see what else can happen</h2>
<ul>${OTHER_OUTCOMES.map(([value, label, note]) => `<li><button name="outcome" value="${value}">${label}<small>${note}</small></button></li>`).join("")}</ul>
</div>
<p class="back"><button name="outcome" value="cancel" formnovalidate>Cancel and go back to ${escapeHtml(world.account.name)}</button></p>
</form>
</section>
</main>`,
  );
}

/** Instead of a form, once nothing can be paid any more. */
export function closedPage(world: World, session: Session): string {
  const complete = session.status === "complete";
  const title = complete ? "This payment is complete" : "This payment page has expired";
  const target = complete ? successUrl(session) : session.cancel_url;
  const detail = complete
    ? "It was submitted once, and nothing was charged a second time."
    : "Nothing was charged. Start again on the site that sent you here.";
  return page(
    title,
    `<main class="single"><div class="card">
<p class="payee">${escapeHtml(world.account.name)}</p>
<h1>${escapeHtml(title)}</h1>
<p class="muted">${detail}</p>
${target === null ? "" : `<p><a class="button main" href="${escapeHtml(target)}">Go back to ${escapeHtml(world.account.name)}</a></p>`}
</div></main>`,
  );
}

/** A page with a title and facts: receipts, invoices, what can't be found. */
export function factsPage(title: string, text: string, facts: readonly (readonly [string, string])[] = []): string {
  const rows = facts.map(([name, value]) => `<dt>${escapeHtml(name)}</dt><dd>${escapeHtml(value)}</dd>`).join("");
  return page(
    title,
    `<main class="single"><div class="card"><h1>${escapeHtml(title)}</h1><p class="muted">${escapeHtml(text)}</p>${rows === "" ? "" : `<dl>${rows}</dl>`}</div></main>`,
  );
}

/** Where a person goes after paying. */
export function successUrl(session: Session): string {
  return withSessionId(session.success_url ?? "", session);
}

export function withSessionId(url: string, session: Session): string {
  return url.replaceAll("{CHECKOUT_SESSION_ID}", session.id);
}

function summary(world: World, session: Session, total: string): string {
  const { line_items: lines } = world.store.mustGet("checkout_details", session.id);
  const every = lines[0]?.price?.recurring;
  const rhythm =
    every === null || every === undefined
      ? ""
      : every.interval_count === 1
        ? ` per ${every.interval}`
        : ` every ${every.interval_count} ${every.interval}s`;
  const items = lines.map(
    (line) =>
      `<li><span>${escapeHtml(line.description ?? "")}${line.quantity === 1 ? "" : ` × ${line.quantity}`}</span><span>${formatAmount(line.amount_total, line.currency)}</span></li>`,
  );
  const note = session.custom_text.submit?.message;
  return `<h1 class="payee">${escapeHtml(world.account.name)}</h1>
<p class="amount">${escapeHtml(total)}${rhythm === "" ? "" : `<small>${escapeHtml(rhythm)}</small>`}</p>
<ul class="lines">${items.join("")}</ul>
${note === undefined ? "" : `<p class="muted">${escapeHtml(note)}</p>`}`;
}

function alertBox(faults: readonly string[], declined: boolean): string {
  if (faults.length > 0)
    return `<p class="alert" role="alert"><strong>Please check</strong>${faults.map(escapeHtml).join("<br>")}</p>`;
  if (!declined) return "";
  return `<p class="alert" role="alert"><strong>Your card was declined.</strong>Nothing was charged. Try again, or use another way to pay.</p>`;
}

function terms(session: Session): string {
  if (session.consent_collection?.terms_of_service !== "required") return "";
  const message = session.custom_text.terms_of_service_acceptance?.message ?? "I agree to the terms of service.";
  return `<label class="check"><input type="checkbox" name="terms" required><span>${escapeHtml(message)}</span></label>`;
}

function radio(value: string, label: string, chosen: string): string {
  return `<label><input type="radio" name="wallet" value="${value}"${value === chosen ? " checked" : ""}>${label}</label>`;
}

function option(value: string, label: string, chosen: string): string {
  return `<option value="${value}"${value === chosen ? " selected" : ""}>${escapeHtml(label)}</option>`;
}

function countryOptions(chosen: string): string {
  // What was sent may be no country at all.
  const codes = COUNTRIES.includes(chosen) || !/^[A-Z]{2}$/.test(chosen) ? COUNTRIES : [chosen, ...COUNTRIES];
  return codes
    .map((code) => [code, countryNames.of(code) ?? code] as const)
    .sort(([, a], [, b]) => a.localeCompare(b))
    .map(([code, name]) => option(code, name, chosen))
    .join("");
}
