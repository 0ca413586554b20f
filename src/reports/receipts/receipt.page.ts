import { type Html, html } from "../../http/html.ts";
import { copyFor, type NewsroomConfig } from "../../newsroom.ts";
import { fillHtml } from "../../pages/fill-html.ts";
import { formatDay } from "../../shared/calendar-text.ts";
import { formatMoney } from "../../shared/money.ts";
import { localDate } from "../../shared/period.ts";
import type { Receipt } from "./receipt.queries.ts";
import { facts, sheet } from "./sheet.page.ts";
import type { ReceiptState } from "./state.ts";

export interface ReceiptView {
  readonly newsroom: NewsroomConfig;
  readonly locale: string;
  readonly test: boolean;
  readonly receipt: Receipt;
  readonly state: ReceiptState;
  /** Null where it may not be shown or isn't known: the donor's pseudonymous id stands in its place. */
  readonly name: string | null;
  /** The first is the original. */
  readonly copy: number;
}

/** A confirmation that a payment was received, with the legal entity as it was when the number was given. */
export function receiptPage(view: ReceiptView): Html {
  const { newsroom, locale, receipt, test } = view;
  const { receipts: words, form } = copyFor(newsroom, locale);
  const amount = html`<bdi>${formatMoney(receipt.amount, receipt.currency, locale)}</bdi>`;
  const issuedOn = localDate(receipt.issued_at, newsroom.time_zone);
  return sheet(newsroom, {
    locale,
    test,
    title: `${words.number} ${receipt.number}`,
    letterhead: {
      name: receipt.entity_name,
      postal_address: receipt.postal_address,
      tax_number: receipt.tax_number,
    },
    body: html`${marks(view)}
<h1>${words.heading}</h1>
${facts([
  [words.number, html`<bdi class="number">${receipt.number}</bdi>`],
  [words.issued, formatDay(issuedOn, locale)],
  [words.from, view.name === null ? donor(words.donor, receipt.donor_id) : html`<bdi>${view.name}</bdi>`],
  [words.gift, form.frequency[receipt.frequency]],
  [words.received, formatDay(receipt.received_on, locale)],
  [words.reference, html`<bdi class="reference">${receipt.reference}</bdi>`],
])}
<p class="total"><span>${words.amount}</span> <strong>${amount}</strong></p>
${since(view)}
${confirms(view)}`,
  });
}

export function donor(template: string, id: string | null): Html {
  return fillHtml(template, { id: html`<bdi class="reference">${id ?? "–"}</bdi>` });
}

function marks({ newsroom, locale, state, copy }: ReceiptView): Html {
  const { receipts: words } = copyFor(newsroom, locale);
  const why = whyVoid(newsroom, locale, state);
  return html`${copy > 1 && html`<p class="mark">${words.duplicate}</p>`}
${why !== null && html`<p class="mark void"><strong>${words.void}</strong> ${why}</p>`}`;
}

function whyVoid(newsroom: NewsroomConfig, locale: string, state: ReceiptState): Html | string | null {
  const { receipts: words } = copyFor(newsroom, locale);
  const on = (at: Date) => ({ date: formatDay(localDate(at, newsroom.time_zone), locale) });
  switch (state.state) {
    case "valid":
      return null;
    case "refunded":
      return fillHtml(words.void_refunded, on(state.at));
    case "disputed":
      return fillHtml(words.void_disputed, on(state.at));
    case "withdrawn":
      return words.void_withdrawn;
  }
}

/** Of a payment that is no longer there nothing is confirmed, not even that it is no certificate. */
function confirms({ newsroom, locale, receipt, state }: ReceiptView): Html | null {
  const { receipts: words } = copyFor(newsroom, locale);
  switch (state.state) {
    case "valid":
      return html`<p>${fillHtml(words.confirms, { legal_entity: receipt.entity_name })}</p>
<p class="small">${words.no_tax}</p>`;
    case "withdrawn":
      return null;
    default: {
      const received = formatDay(receipt.received_on, locale);
      const back = formatDay(localDate(state.at, newsroom.time_zone), locale);
      return html`<p>${fillHtml(words.void_confirms, { received, back })}</p>`;
    }
  }
}

/** What has gone back of a receipt that holds. */
function since({ newsroom, locale, receipt, state }: ReceiptView): Html | null {
  if (state.state !== "valid") return null;
  const { receipts: words } = copyFor(newsroom, locale);
  const money = (amount: number) => ({ amount: formatMoney(amount, receipt.currency, locale) });
  return html`${state.givenBack > 0 && html`<p class="since">${fillHtml(words.given_back, money(state.givenBack))}</p>`}
${state.held > 0 && html`<p class="since">${fillHtml(words.held, money(state.held))}</p>`}`;
}
