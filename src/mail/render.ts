import { html } from "../http/html.ts";
import { copyFor, type NewsroomConfig, pickLocale } from "../newsroom.ts";
import type { MailData, MailKind, MailLinks } from "./kinds.ts";

export interface MailToRender<K extends MailKind> {
  readonly kind: K;
  readonly data: MailData[K];
  readonly locale: string | null;
  readonly discreet: boolean;
  readonly links: MailLinks;
  /** Names the gift or the reminder to whoever asks about it. */
  readonly reference: string | null;
}

export interface RenderedMail {
  readonly subject: string;
  readonly html: string;
  readonly text: string;
  readonly language: string;
  readonly direction: "ltr" | "rtl";
}

export function renderMail<K extends MailKind>(newsroom: NewsroomConfig, mail: MailToRender<K>): RenderedMail {
  const { kind, data, discreet, links, reference } = mail;
  const locale = pickLocale(newsroom, mail.locale);
  const { direction } = copyFor(newsroom, locale);
  const urls = Object.entries(links).flatMap(([name, link]) =>
    link === null ? [] : [[name, typeof link === "string" ? link : link.page] as const],
  );
  const subject = discreet ? "Your message" : `${newsroom.newsroom.name}: ${kind}`;
  const body = html`<!doctype html><html lang="${locale}" dir="${direction}"><head><title>${subject}</title></head><body>
<h1>${kind}</h1><pre>${JSON.stringify(data)}</pre>
${urls.map(([name, url]) => html`<p><a href="${url}">${name}</a></p>`)}
<p>${newsroom.legal_entity.name}</p><p>${reference}</p></body></html>`;
  const text = [
    kind,
    ...urls.map(([name, url]) => `${name}: ${url}`),
    newsroom.legal_entity.name,
    reference ?? "",
  ].join("\n\n");
  return { subject, html: body.text, text, language: locale, direction };
}

export function senderName(newsroom: NewsroomConfig, discreet: boolean): string | null {
  return discreet ? null : newsroom.newsroom.name;
}
