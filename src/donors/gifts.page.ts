import { type Html, html } from "../http/html.ts";
import { fixLink, isRunning, stopLink } from "../mail/gift-links.ts";
import { copyFor } from "../newsroom.ts";
import { fillHtml } from "../pages/fill-html.ts";
import { fill } from "../shared/copy.ts";
import { formatMoney } from "../shared/money.ts";
import type { Vault } from "../vault/vault.ts";
import { MOST_GIFTS, type ReadersGift } from "./gifts.queries.ts";
import { amountOf, noticePage, type Place } from "./notice.page.ts";

/** All gifts of one address, each that runs with a way to stop it and one to another card. Whose they are is not said. */
export function giftsPage(place: Place, vault: Pick<Vault, "hash">, gifts: readonly ReadersGift[]): Html {
  const { list } = copyFor(place.newsroom, place.locale).gift;
  const shown = gifts.slice(0, MOST_GIFTS);
  return noticePage(place, {
    heading: list.heading,
    text: [gifts.length === 0 ? list.none : list.text],
    more: html`<ul class="gifts">${shown.map((gift) => entry(place, vault, gift))}</ul>
${gifts.length > shown.length && html`<p class="small">${list.more}</p>`}`,
  });
}

function entry(place: Place, vault: Pick<Vault, "hash">, gift: ReadersGift): Html {
  const { list } = copyFor(place.newsroom, place.locale).gift;
  const when = day(place, gift.created_at);
  const isOnce = gift.frequency === "once";
  const goesOn = gift.subscription_status === "active" && gift.ends_at === null && !gift.paused;
  const paid = (at: Date, amount: number) =>
    fillHtml(list.last_payment, { amount: formatMoney(amount, gift.currency, place.locale), date: day(place, at) });
  return html`<li>
<h2>${amountOf(place, gift)}</h2>
<p class="state">${stateOf(place, gift)}</p>
<p class="small">${fill(isOnce ? list.given : list.since, { date: when })}</p>
${!isOnce && gift.last_paid_at !== null && gift.last_paid !== null && html`<p class="small">${paid(gift.last_paid_at, gift.last_paid)}</p>`}
${goesOn && gift.next_at !== null && html`<p class="small">${fill(list.next_payment, { date: day(place, gift.next_at) })}</p>`}
${isRunning(gift) && html`<p class="actions"><a href="${stopLink(place.config, vault, gift.id)}">${list.stop}</a> <a href="${fixLink(place.config, vault, gift.id)}">${list.card}</a></p>`}
</li>`;
}

function stateOf(place: Place, gift: ReadersGift): string {
  const { state } = copyFor(place.newsroom, place.locale).gift.list;
  if (gift.frequency === "once") return gift.status === "processing" ? state.processing : state.paid;
  if (!isRunning(gift)) return state.over;
  if (gift.ends_at !== null) return fill(state.ending, { date: day(place, gift.ends_at) });
  if (gift.paused) return state.paused;
  if (gift.is_processing) return state.processing;
  return gift.subscription_status === "active" ? state.running : state.failing;
}

function day({ newsroom, locale }: Place, instant: Date): string {
  return new Intl.DateTimeFormat(locale, { dateStyle: "long", timeZone: newsroom.time_zone }).format(instant);
}
