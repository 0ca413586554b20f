import { type Html, html } from "../http/html.ts";
import { copyFor } from "../newsroom.ts";
import { isTest, languageLinks, page } from "../pages/layout.page.ts";
import { fill } from "../shared/copy.ts";
import { noticePage, type Place } from "./notice.page.ts";

/** Asks for the address that a link to its gifts is sent to. @param typed what was sent and could not be used */
export function myGiftPage(place: Place, typed: string | null = null): Html {
  const { config, newsroom, locale } = place;
  const copy = copyFor(newsroom, locale);
  const { my_gift: words } = copy.gift;
  const { name, url } = newsroom.newsroom;
  const fault = typed === null ? null : typed === "" ? copy.fields.email_required : copy.fields.email_invalid;
  return page(newsroom, {
    locale,
    title: words.heading,
    test: isTest(config),
    body: html`<div class="languages">${languageLinks(newsroom, locale, (each) => `/my-gift?${new URLSearchParams({ locale: each })}`)}</div>
<main class="outcome">
<h1>${words.heading}</h1>
<p class="text">${words.text}</p>
<form method="post" action="/v1/donor-links">
<input type="hidden" name="locale" value="${locale}">
<div class="field">
<label for="email">${words.email_label}</label>
<input type="email" name="email" id="email" autocomplete="email" maxlength="254" dir="ltr" required value="${typed}"${fault && html` aria-invalid="true" aria-describedby="email-fault"`}>
${fault && html`<p class="fault" id="email-fault">${fault}</p>`}
</div>
<p class="actions"><button type="submit">${words.button}</button></p>
</form>
<p class="actions"><a href="${url}">${fill(copy.page.back, { newsroom: name })}</a></p>
</main>`,
  });
}

/** The same whether there is a gift or not. */
export function linkSentPage(place: Place): Html {
  const { my_gift: words } = copyFor(place.newsroom, place.locale).gift;
  return noticePage(place, { heading: words.sent_heading, text: [words.sent_text, words.sent_hint] });
}
