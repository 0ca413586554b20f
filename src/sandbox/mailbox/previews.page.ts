import { type Html, html } from "../../http/html.ts";
import type { MailKind } from "../../mail/kinds.ts";
import type { RenderedMail } from "../../mail/render.ts";
import type { NewsroomConfig } from "../../newsroom.ts";
import { mailboxFrame } from "./mailbox.page.ts";

export interface Preview extends RenderedMail {
  readonly kind: MailKind;
}

export interface PreviewChoice {
  readonly locale: string;
  readonly discreet: boolean;
}

/** Every kind of mail with its subject, in a language and a style that can be changed. */
export function previewsPage(newsroom: NewsroomConfig, previews: readonly Preview[], choice: PreviewChoice): Html {
  const items = previews.map(
    ({ kind, subject, language, direction }) =>
      html`<li><a href="/sandbox/mailbox/previews/${kind}?${query(choice)}"><strong lang="${language}" dir="${direction}">${subject}</strong><span>${kind}</span></a></li>`,
  );
  return mailboxFrame(
    newsroom,
    "Previews of all mails",
    html`<h1>Previews of all mails</h1>
${choices(newsroom, choice, "/sandbox/mailbox/previews")}
<ul class="mails">${items}</ul>`,
  );
}

export function previewPage(newsroom: NewsroomConfig, preview: Preview, choice: PreviewChoice): Html {
  const { kind, subject, text, language, direction } = preview;
  const path = `/sandbox/mailbox/previews/${kind}`;
  return mailboxFrame(
    newsroom,
    `${kind}: ${subject}`,
    html`${choices(newsroom, choice, path)}
<div class="mail">
<h1 lang="${language}" dir="${direction}">${subject}</h1>
<iframe src="${path}/html?${query(choice)}" title="The mail as HTML" sandbox="allow-popups allow-popups-to-escape-sandbox"></iframe>
<h2>As text</h2>
<pre lang="${language}" dir="${direction}">${text}</pre>
</div>`,
  );
}

function choices(newsroom: NewsroomConfig, choice: PreviewChoice, path: string): Html {
  const { locale, discreet } = choice;
  const link = (label: string, to: PreviewChoice, current: boolean) =>
    current
      ? html`<a href="${path}?${query(to)}" aria-current="true">${label}</a>`
      : html`<a href="${path}?${query(to)}">${label}</a>`;
  return html`<nav class="tools" aria-label="Language and style">
${newsroom.locales.map((each) => link(newsroom.copy[each]?.language ?? each, { locale: each, discreet }, each === locale))}
</nav>
<nav class="tools" aria-label="Style">
${link("Plain", { locale, discreet: false }, !discreet)}${link("Discreet", { locale, discreet: true }, discreet)}
<a class="end" href="/sandbox/mailbox/previews?${query(choice)}">All previews</a><a href="/sandbox/mailbox">Mailbox</a>
</nav>`;
}

function query({ locale, discreet }: PreviewChoice): string {
  return new URLSearchParams({ locale, ...(discreet ? { discreet: "on" } : {}) }).toString();
}
