import { type Html, html } from "../../http/html.ts";
import type { Staff } from "../../http/staff.ts";
import { isRunning } from "../../mail/gift-links.ts";
import { csrfField, financeLayout } from "../../pages/finance/layout.page.ts";
import { table } from "../../pages/finance/table.page.ts";
import { isTest } from "../../pages/layout.page.ts";
import { formatMoney } from "../../shared/money.ts";
import type { ReadersGift } from "../gifts.queries.ts";
import type { Place } from "../notice.page.ts";
import type { PaymentRow, SentMail, StatementRow } from "./donor.queries.ts";
import type { Donor } from "./donor.ts";
import { isRepeatable } from "./resend.ts";
import { BAD, SAID, type Said } from "./said.ts";

interface Shown {
  readonly donor: Donor;
  readonly addresses: readonly string[];
  readonly names: readonly string[];
  readonly said: Said | null;
  /** New for each showing: what is posted with it is done once. */
  readonly request: string;
}

type PagePlace = Omit<Place, "locale">;

export function donorPage(place: PagePlace, staff: Staff, shown: Shown): Html {
  const { config, newsroom } = place;
  const { donor, addresses, names, said } = shown;
  const form = (action: string, fields: Html | null, button: Html) =>
    html`<form class="actions" method="post" action="/finance/donors/${donor.id}/${action}">${csrfField(staff.csrf)}<input type="hidden" name="request" value="${shown.request}">${fields}${button}</form>`;
  return financeLayout(
    { title: "Donor", here: "/finance/donors", staff, newsroom, test: isTest(config) },
    html`${said !== null && html`<p class="${BAD.has(said) ? "alert" : "notice"}" role="status">${SAID[said]}</p>`}
<div class="cards">
<section class="card"><h2>Who</h2><dl class="facts">
<dt>Address</dt><dd>${addresses.length === 0 ? "none at Stripe" : addresses.map((each) => html`<bdi>${each}</bdi> `)}</dd>
<dt>Name</dt><dd>${names.length === 0 ? "none at Stripe" : names.map((each) => html`<bdi>${each}</bdi> `)}</dd>
<dt>At Stripe</dt><dd>${donor.customers.map(({ id }) => html`<span class="id">${id}</span> `)}</dd>
</dl>
${form("link", null, html`<button class="quiet">Send the link to all gifts</button>`)}
</section>
<section class="card"><h2>Correct the address</h2>
<p class="small">All mails about these gifts go to the new address from now on. It changes at Stripe, too.</p>
${form(
  "address",
  html`<span class="field"><label for="email">New e-mail address</label><input type="email" id="email" name="email" autocomplete="off" maxlength="254" required></span>`,
  html`<button class="quiet">Correct</button>`,
)}
</section>
</div>
<h2>Receipts and statements</h2>
${papers(donor)}
<h2>Gifts</h2>
${donor.gifts.map((gift) => giftCard(place, donor, gift, form))}
${donor.more && html`<p class="small">Older gifts are not shown here.</p>`}
<h2>Mails</h2>
${mails(place, donor, form)}`,
  );
}

/** Pages to print, each of which is written down when it is opened. */
function papers({ receipts, statements }: Donor): Html {
  const year = (row: StatementRow) =>
    html`<li><a href="/finance/donors/${row.donor_id}/statement?year=${row.year}">Statement of ${row.year}</a></li>`;
  const number = (each: string) => html`<li><a href="/finance/receipts/${each}">Receipt ${each}</a></li>`;
  if (receipts.length + statements.length === 0) return html`<p class="small">No settled payment yet.</p>`;
  return html`<ul class="papers">${statements.map(year)}${receipts.map(number)}</ul>
<p class="small">The newest receipts are shown: a payment has one once its month is closed.</p>`;
}

type Form = (action: string, fields: Html | null, button: Html) => Html;

function giftCard(place: PagePlace, donor: Donor, gift: ReadersGift, form: Form): Html {
  const payments = donor.payments.filter((payment) => payment.donation_id === gift.id);
  return html`<section class="card"><h3>${money(gift.amount, gift.currency)} ${OFTEN[gift.frequency]}</h3>
<dl class="facts">
<dt>State</dt><dd>${stateOf(place, gift)}</dd>
<dt>Since</dt><dd>${day(place, gift.created_at)}</dd>
${gift.next_at !== null && isRunning(gift) && gift.ends_at === null && html`<dt>Next payment</dt><dd>${day(place, gift.next_at)}</dd>`}
<dt>Reference</dt><dd><span class="id">${gift.id}</span></dd>
</dl>
${table({
  id: `payments-${gift.id}`,
  caption: "Payments, the latest first",
  columns: [{ head: "Number" }, { head: "Date" }, { head: "State" }, { head: "Amount", number: true }],
  rows: payments.map((payment: PaymentRow) => [
    payment.installment,
    day(place, payment.booked_at),
    payment.status,
    money(payment.amount, payment.currency),
  ]),
  empty: "No payment yet.",
})}
${isRunning(gift) && html`<details><summary>Stop this gift</summary><p>It ends at once, and nothing more is charged. This can’t be undone; the donor is told by mail.</p>${form(`gifts/${gift.id}/stop`, spoken(gift.id), html`<button class="danger">Stop it now</button>`)}</details>`}
</section>`;
}

/** A second step without a page of its own: it can't be undone. */
function spoken(gift: string): Html {
  return html`<p class="tick"><input type="checkbox" id="spoken-${gift}" name="spoken" value="yes" required> <label for="spoken-${gift}">I have spoken with the donor, who wants this</label></p>`;
}

function mails(place: PagePlace, donor: Donor, form: Form): Html {
  return table({
    id: "mails",
    caption: "Mails about these gifts, the latest first",
    columns: ["Mail", "Written", "State", "Again"].map((head) => ({ head })),
    rows: donor.mails.map((mail: SentMail) => [
      mail.kind.replaceAll("_", " "),
      day(place, mail.created_at),
      mail.reason === null ? mail.state : `${mail.state}: ${mail.reason.replaceAll("_", " ")}`,
      isRepeatable(mail.kind)
        ? form(
            "mail",
            html`<input type="hidden" name="mail" value="${mail.id}">`,
            html`<button class="quiet" aria-label="Send again: ${mail.kind.replaceAll("_", " ")} of ${day(place, mail.created_at)}">Send again</button>`,
          )
        : "–",
    ]),
    empty: "No mail yet.",
  });
}

const OFTEN = { once: "once", monthly: "a month", annual: "a year" } as const;

function stateOf(place: PagePlace, gift: ReadersGift): string {
  if (gift.frequency === "once" || gift.stripe_subscription === null) return gift.status;
  if (!isRunning(gift)) return "over";
  if (gift.ends_at !== null) return `ends on ${day(place, gift.ends_at)}`;
  if (gift.paused) return "paused";
  return gift.subscription_status === "active" ? "running" : `running, but payments fail (${gift.subscription_status})`;
}

function money(amount: number, currency: string): string {
  return formatMoney(amount, currency, "en");
}

function day({ newsroom }: PagePlace, instant: Date): string {
  return new Intl.DateTimeFormat("en-GB", { dateStyle: "medium", timeZone: newsroom.time_zone }).format(instant);
}
