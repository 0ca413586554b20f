import { type Html, html } from "../http/html.ts";
import { financeLayout } from "../pages/finance/layout.page.ts";
import { isTest } from "../pages/layout.page.ts";
import type { StaffPlace } from "./place.ts";

/** Asks for the address that a link is sent to. @param typed what was sent and could not be used */
export function askPage(place: StaffPlace, returnTo: string, typed: string | null = null): Html {
  const wrong = typed !== null;
  return outside(
    place,
    "Sign in",
    html`<p>Type your address. If it is known here, a link comes by mail within a minute; it is good for 15 minutes, in this browser.</p>
<form class="fields" method="post" action="/finance/sign-in">
<input type="hidden" name="next" value="${returnTo}">
<p class="field"><label for="email">E-mail address</label>
<input type="email" id="email" name="email" autocomplete="email" maxlength="254" required value="${typed}"${wrong && html` aria-invalid="true" aria-describedby="email-fault"`}>
${wrong && html`<span class="fault" id="email-fault" role="alert">This doesn’t look like an e-mail address. Check it, and send it again.</span>`}</p>
<p class="actions"><button>Send me a link</button></p>
</form>`,
  );
}

/** The same whether the address is known or not. */
export function askedPage(place: StaffPlace): Html {
  return outside(
    place,
    "Look into your mail",
    html`<p>If the address is known here, a link is on its way to it. Open it <strong>in this browser</strong> within 15 minutes; it is good once.</p>
<p>Nothing came? Look into the folder for spam, and check the address. An administrator can tell whether it is known.</p>
<p class="actions"><a href="/finance/sign-in">Ask again</a></p>`,
  );
}

/** What the link shows: mail scanners follow links, so only the button signs in. */
export function enterPage(place: StaffPlace): Html {
  return outside(
    place,
    "Sign in",
    html`<p>You are about to sign in to the staff pages in this browser. You stay signed in for 7 days, or until you haven’t been here for 12 hours.</p>
<form class="actions" method="post"><button>Sign in</button></form>`,
  );
}

const WHY = {
  unknown: ["This link doesn’t work", "It may be incomplete: take the whole of it from the mail. Or it is an old one."],
  used: ["This link has been used", "Each link signs in once. If it wasn’t you who used it, tell an administrator."],
  expired: ["This link has run out", "A link is good for 15 minutes."],
  other_browser: [
    "This link belongs to another browser",
    "A link works only in the browser in which it was asked for, so that nobody else can use it. Copy it into that browser, or ask for another one in this one.",
  ],
} as const;

export function uselessPage(place: StaffPlace, why: keyof typeof WHY): Html {
  const [heading, text] = WHY[why];
  return outside(
    place,
    heading,
    html`<p>${text}</p><p>Nothing has been changed.</p><p class="actions"><a href="/finance/sign-in">Ask for a new link</a></p>`,
  );
}

export function signedOutPage(place: StaffPlace): Html {
  return outside(
    place,
    "You are signed out",
    html`<p>This browser can’t open the staff pages any more.</p><p class="actions"><a href="/finance/sign-in">Sign in again</a></p>`,
  );
}

function outside({ config, newsroom }: StaffPlace, title: string, body: Html): Html {
  return financeLayout(
    { title, here: null, staff: null, newsroom, test: isTest(config) },
    html`<div class="narrow">${body}</div>`,
  );
}
