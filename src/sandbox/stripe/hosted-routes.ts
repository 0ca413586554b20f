import type { Stripe } from "../../stripe/types.ts";
import type { Reply } from "./api.ts";
import { declineCheckout, payCheckout } from "./checkout-outcomes.ts";
import { formatAmount } from "./currencies.ts";
import { closedPage, factsPage, payPage, successUrl, type Typed, withSessionId } from "./hosted-page.ts";
import { invoiceReply } from "./invoice-page-routes.ts";
import { pageHeaders } from "./page-layout.ts";
import type { CardBrand, Means, Payer, Wallet } from "./payment-methods.ts";
import { isoSeconds } from "./periods.ts";
import { portalReply } from "./portal-page.ts";
import { sessionUrl } from "./session-build.ts";
import { recoverSession } from "./session-expiry.ts";
import type { World } from "./world.ts";

const OUTCOMES = ["pay", "decline", "authenticate", "pay_later", "pay_later_fail", "cancel"] as const;
type Outcome = (typeof OUTCOMES)[number];

/** Used when a script sends no details at all, as a person on the page can't. */
const NOBODY: Typed = { email: "donor@example.org", name: "", country: "US", card: "visa", wallet: "" };

/** The pages that people open: undefined where there is none. */
export function hostedReply(world: World, method: string, path: string, body: string): Reply | undefined {
  const [, area, first = "", second = ""] = path.split("/");
  if (area === "c" && first === "pay") return payReply(world, method, second, body);
  if (area === "i") return invoiceReply(world, method, first, body);
  if (area === "p" && first === "session") return portalReply(world, method, second, body);
  if (method !== "GET") return undefined;
  if (area === "r") return recoveryReply(world, first, path);
  if (area === "receipts") return receiptReply(world, first);
  return undefined;
}

function payReply(world: World, method: string, id: string, body: string): Reply | undefined {
  const session = world.store.get("checkout.session", id);
  if (session === undefined)
    return html(
      404,
      factsPage("There is no such payment page", "Check the address, or start again on the site that sent you here."),
    );
  if (method === "GET" || method === "HEAD") return showPage(world, session);
  if (method !== "POST") return undefined;
  if (session.status !== "open") return html(session.status === "complete" ? 409 : 410, closedPage(world, session));
  const reply = submit(world, session, new URLSearchParams(body));
  world.store.commit();
  return reply;
}

function showPage(world: World, session: Stripe.Checkout.Session): Reply {
  if (session.status !== "open") return html(session.status === "complete" ? 200 : 410, closedPage(world, session));
  const { declined } = world.store.mustGet("checkout_details", session.id);
  return form(world, session, asBefore(session, declined), [], declined !== null, 200);
}

function submit(world: World, session: Stripe.Checkout.Session, sent: URLSearchParams): Reply {
  const outcome = OUTCOMES.find((it) => it === (sent.get("outcome") ?? "pay"));
  const typed = read(session, sent);
  if (outcome === undefined) return form(world, session, typed, ["Choose one of the buttons below."], false, 422);
  if (outcome === "cancel")
    return seeOther(withSessionId(session.cancel_url ?? sessionUrl(world, session.id), session));
  const faults = faultsOf(typed);
  if (faults.length > 0) return form(world, session, typed, faults, false, 422);
  const payer: Payer = { email: typed.email, name: typed.name === "" ? null : typed.name, country: typed.country };
  const means = meansOf(outcome, typed);
  if (outcome === "decline") {
    declineCheckout(world, session, payer, means);
    return seeOther(sessionUrl(world, session.id));
  }
  payCheckout(world, session, payer, means, {
    authenticate: outcome === "authenticate",
    willSettle: outcome !== "pay_later_fail",
  });
  return seeOther(successUrl(session));
}

function read(session: Stripe.Checkout.Session, sent: URLSearchParams): Typed {
  const before = known(session);
  const wallet = sent.get("wallet") ?? "";
  return {
    email: session.customer_email ?? (sent.get("email") ?? (before.email === "" ? NOBODY.email : before.email)).trim(),
    name: (sent.get("name") ?? before.name).trim(),
    country: (sent.get("country") ?? NOBODY.country).trim().toUpperCase(),
    card: sent.get("card") ?? NOBODY.card,
    wallet: wallet === "none" || wallet === "card" ? "" : wallet,
  };
}

/** What the session's creator told about the payer. */
function known(session: Stripe.Checkout.Session): Typed {
  const details = session.customer_details;
  return { ...NOBODY, email: session.customer_email ?? details?.email ?? "", name: details?.name ?? "" };
}

function asBefore(session: Stripe.Checkout.Session, declined: Payer | null): Typed {
  const typed = known(session);
  if (declined === null) return typed;
  const { email, name, country } = declined;
  return { ...typed, email: email ?? typed.email, name: name ?? typed.name, country: country ?? typed.country };
}

function faultsOf(typed: Typed): string[] {
  const faults: string[] = [];
  if (typed.email.length > 512 || !/^[^\s@]+@[^\s@]+$/.test(typed.email))
    faults.push("Enter an e-mail address like name@example.org.");
  if (typed.name.length > 256) faults.push("Shorten the name to 256 characters.");
  if (!/^[A-Z]{2}$/.test(typed.country)) faults.push("Choose a country.");
  if (!["visa", "mastercard", "amex"].includes(typed.card)) faults.push("Choose one of the simulated cards.");
  if (!["", "apple_pay", "google_pay"].includes(typed.wallet)) faults.push("Choose card, Apple Pay or Google Pay.");
  return faults;
}

function meansOf(outcome: Outcome, typed: Typed): Means {
  if (outcome === "pay_later" || outcome === "pay_later_fail") return { type: "sepa_debit", country: typed.country };
  return {
    type: "card",
    brand: typed.card as CardBrand,
    wallet: typed.wallet === "" ? null : (typed.wallet as Wallet),
    country: typed.country,
    declined: outcome === "decline",
  };
}

function form(
  world: World,
  session: Stripe.Checkout.Session,
  typed: Typed,
  faults: string[],
  declined: boolean,
  status: number,
): Reply {
  const headers = pageHeaders([session.success_url, session.cancel_url]);
  return { status, headers, body: payPage(world, session, typed, faults, declined) };
}

function recoveryReply(world: World, id: string, path: string): Reply {
  const session = recoverSession(world, id, world.baseUrl() + path);
  world.store.commit();
  if (session !== undefined) return seeOther(sessionUrl(world, session.id));
  return html(404, factsPage("This link is no longer good", "Start again on the site that sent you here."));
}

function receiptReply(world: World, id: string): Reply {
  const charge = world.store.get("charge", id);
  if (charge === undefined) return html(404, factsPage("There is no such receipt", "Check the address."));
  const facts = [
    ["Paid to", world.account.name],
    ["Amount", formatAmount(charge.amount, charge.currency)],
    ["Date", isoSeconds(charge.created)],
    ["Status", charge.status],
    ["Payment", charge.id],
  ] as const;
  return html(200, factsPage("Receipt", "For a simulated payment.", facts));
}

function html(status: number, body: string): Reply {
  return { status, headers: pageHeaders(), body };
}

function seeOther(location: string): Reply {
  return {
    status: 303,
    headers: { Location: location, "Cache-Control": "no-store", "Referrer-Policy": "no-referrer" },
    body: "",
  };
}
