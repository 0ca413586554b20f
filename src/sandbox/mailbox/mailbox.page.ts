import { type Html, html } from "../../http/html.ts";
import type { NewsroomConfig } from "../../newsroom.ts";
import { page } from "../../pages/layout.page.ts";
import type { CaughtMail } from "./mailbox.ts";

/** The sandbox speaks English, whatever the newsroom's languages are. */
export function mailboxFrame(newsroom: NewsroomConfig, title: string, body: Html): Html {
  return page(newsroom, {
    locale: newsroom.locales.find((locale) => locale === "en") ?? newsroom.default_locale,
    title,
    test: true,
    body: html`<link rel="stylesheet" href="/sandbox/mailbox.css">
<main lang="en" dir="ltr">${body}</main>`,
  });
}

/** All mails, newest first. @param to as far as they are for this recipient; empty: for anybody */
export function mailboxPage(newsroom: NewsroomConfig, mails: readonly CaughtMail[], to: string): Html {
  const list = html`<ul class="mails">${mails.map(item)}</ul>`;
  const none = html`<p class="none">${to === "" ? "No mail yet. Give something on the demo article, or look at the previews." : "No mail to this address."}</p>`;
  return mailboxFrame(
    newsroom,
    "Mailbox",
    html`<h1>Mailbox</h1>
<p>Mail that the service sent is caught here; none of it leaves this machine.</p>
<div class="tools">
<form method="get" action="/sandbox/mailbox"><input type="search" name="to" value="${to}" placeholder="Only to this address" aria-label="Only to this address"><button>Show</button></form>
<a href="/sandbox/mailbox/previews">Previews of all mails</a>
<a href="/">Demo article</a>
${mails.length > 0 && html`<form class="end" method="post" action="/sandbox/mailbox/clear"><button>Empty the mailbox</button></form>`}
</div>
${mails.length > 0 ? list : none}`,
  );
}

function item(mail: CaughtMail): Html {
  return html`<li><a href="/sandbox/mailbox/${mail.id}"><strong><bdi>${mail.subject}</bdi></strong><time datetime="${mail.received_at}">${minute(mail.received_at)}</time><span>${mail.to.join(", ")}</span>${mail.repeats > 0 && html`<span>sent ${mail.repeats + 1} times</span>`}</a></li>`;
}

/** One mail as a person would read it. */
export function mailPage(newsroom: NewsroomConfig, mail: CaughtMail): Html {
  return mailboxFrame(
    newsroom,
    mail.subject,
    html`<div class="tools"><a href="/sandbox/mailbox">All mails</a><a href="/sandbox/mailbox?${new URLSearchParams({ to: mail.to[0] ?? "" }).toString()}">All to this address</a></div>
<div class="mail">
<h1 dir="auto">${mail.subject}</h1>
<dl>
<dt>From</dt><dd><bdi>${mail.from}</bdi></dd>
<dt>To</dt><dd>${mail.to.join(", ")}</dd>
<dt>Sent</dt><dd><time datetime="${mail.received_at}">${minute(mail.received_at)}</time> UTC${mail.repeats > 0 && html`, and ${mail.repeats} more time${mail.repeats > 1 && "s"} under the same key`}</dd>
</dl>
<iframe src="/sandbox/mailbox/${mail.id}/html" title="The mail as HTML" sandbox="allow-popups allow-popups-to-escape-sandbox"></iframe>
<h2>As text</h2>
<pre dir="auto">${mail.text}</pre>
<details><summary>Headers</summary><pre>${mail.headers.map(({ name, value }) => `${name}: ${value}\n`)}</pre></details>
</div>`,
  );
}

function minute(instant: string): string {
  return instant.slice(0, 16).replace("T", " ");
}
