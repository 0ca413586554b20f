import { type Html, html } from "../../http/html.ts";
import { table } from "../../pages/finance/table.page.ts";
import type { DisputeRow } from "../disputes.queries.ts";
import { count, dayOf, money, timeOf, words } from "./figures.ts";
import { type Attention, DEADLINE_DAYS, PAYOUT_DAYS } from "./overview.ts";

interface Moment {
  readonly now: Date;
  readonly timeZone: string;
}

/** Disputes that are told of one by one. */
const LISTED = 5;
const TWO_DAYS_MS = 2 * 86_400_000;

/** Plain warnings that link on; one sentence when there are none. */
export function attentionSection({ differences, disputes, payouts }: Attention, { now, timeZone }: Moment): Html {
  const { open, more, run } = differences;
  const warnings = [
    open > 0 &&
      html`<a href="/finance/reconciliation">${count(open)}${more && " or more"} ${open === 1 ? "difference" : "differences"} between the books and Stripe</a>`,
    run !== null &&
      run.failure !== null &&
      html`<a href="/finance/reconciliation">The latest comparison with Stripe broke off</a>`,
    run === null &&
      html`<a href="/finance/reconciliation">The books were never compared with Stripe</a>: that happens every night`,
    run?.finished_at != null &&
      Date.now() - +run.started_at > TWO_DAYS_MS &&
      html`<a href="/finance/reconciliation">The latest comparison with Stripe</a> was on ${timeOf(run.started_at, timeZone)}`,
    payouts.wrong > 0 &&
      html`<a href="/finance/payouts">${count(payouts.wrong)} ${payouts.wrong === 1 ? "payout doesn’t" : "payouts don’t"} add up</a>, of the last ${PAYOUT_DAYS} days`,
    payouts.failed > 0 &&
      html`<a href="/finance/payouts">${count(payouts.failed)} ${payouts.failed === 1 ? "payout" : "payouts"} came back from the bank</a>, of the last ${PAYOUT_DAYS} days`,
    ...disputes.slice(0, LISTED).map((dispute) => disputeWarning(dispute, now, timeZone)),
    disputes.length > LISTED &&
      html`<a href="/finance/disputes?status=open">${count(disputes.length - LISTED)} more disputes</a> are due`,
  ].filter((warning) => warning !== false);
  return html`<section aria-labelledby="attention"><h2 id="attention" class="first">To look at</h2>${
    warnings.length === 0
      ? html`<p class="good"><span aria-hidden="true">✓ </span>Nothing: the books agree with Stripe, compared ${run !== null && dayOf(run.started_at, timeZone)}, and no dispute is due within ${DEADLINE_DAYS} days.</p>`
      : html`<ul class="warnings">${warnings.map((warning) => html`<li>${warning}</li>`)}</ul>`
  }</section>`;
}

function disputeWarning(
  { dispute_id, amount, currency, due_by, reason }: DisputeRow,
  now: Date,
  timeZone: string,
): Html {
  const isLate = due_by !== null && +due_by < +now;
  return html`<a href="/finance/disputes?status=open#${dispute_id}">A dispute of ${money(amount, currency)}</a> (${words(reason)}): ${
    isLate ? "an answer was due by" : "answer by"
  } ${due_by !== null && timeOf(due_by, timeZone)}`;
}

/** Bank debits and the like: given, and not settled yet. */
export function processingSection({ processing, moreProcessing }: Attention): Html {
  return html`<section aria-labelledby="processing"><h2 id="processing">Processing</h2>${table({
    id: "processing-sums",
    caption: "Given, and still with the donor’s bank, by the donors’ currency",
    columns: [{ head: "Currency" }, { head: "Payments", number: true }, { head: "Amount", number: true }],
    rows: processing.map(({ currency, payments, amount }) => [currency, count(payments), money(amount, currency)]),
    empty: "Nothing is processing.",
  })}${moreProcessing && html`<p class="small">There are more: these are the latest 1,000.</p>`}</section>`;
}
