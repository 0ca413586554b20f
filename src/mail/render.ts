import { copyFor, type NewsroomConfig, pickLocale } from "../newsroom.ts";
import type { MailData, MailKind, MailLinks } from "./kinds.ts";
import { sheetOf } from "./sheet.ts";
import { sheetHtml } from "./sheet-html.ts";
import { sheetText } from "./sheet-text.ts";
import { deskFor } from "./templates/desk.ts";
import { oneLine } from "./templates/one-line.ts";
import { TEMPLATES } from "./templates/templates.ts";

export interface MailToRender<K extends MailKind> {
  readonly kind: K;
  readonly data: MailData[K];
  /** Any language tag; the newsroom's language that comes nearest is taken. */
  readonly locale: string | null;
  /** Chosen by the reader; the newsroom's file can choose it for all. */
  readonly discreet: boolean;
  readonly links: MailLinks;
  /** What the reader can name when asking about it, such as the donation's id; null or empty where there is none. */
  readonly reference: string | null;
}

export interface RenderedMail {
  /** One line, whatever it was made of. */
  readonly subject: string;
  readonly html: string;
  readonly text: string;
  readonly language: string;
  readonly direction: "ltr" | "rtl";
}

/**
 * A mail as it goes out, in HTML and in text that say the same. Throws when its kind needs a link that isn't there, when a
 * link is no http(s) address, and when the data aren't those of its kind: a mail with a hole is never sent.
 */
export function renderMail<K extends MailKind>(newsroom: NewsroomConfig, mail: MailToRender<K>): RenderedMail {
  const locale = pickLocale(newsroom, mail.locale);
  const links = webLinks(mail.links);
  const { kinds } = copyFor(newsroom, locale).mail;
  const letter = TEMPLATES[mail.kind](deskFor(newsroom, locale, links), mail.data);
  const discreet = mail.discreet || newsroom.mail.discreet ? { subject: kinds[mail.kind].discreet } : null;
  const sheet = sheetOf(newsroom, letter, { locale, discreet, links, reference: mail.reference });
  return {
    subject: sheet.subject,
    html: sheetHtml(sheet),
    text: sheetText(sheet),
    language: locale,
    direction: sheet.direction,
  };
}

/** The sender's name beside the address: the newsroom's, or null when it must not be named. */
export function senderName(newsroom: NewsroomConfig, discreet: boolean): string | null {
  return discreet || newsroom.mail.discreet ? null : oneLine(newsroom.newsroom.name);
}

function webLinks(links: MailLinks): MailLinks {
  const { stop, fix, give, manage, confirm, unsubscribe } = links;
  return {
    stop: stop && webAddress(stop),
    fix: fix && webAddress(fix),
    give: give && webAddress(give),
    manage: manage && webAddress(manage),
    confirm: confirm && webAddress(confirm),
    unsubscribe: unsubscribe && { page: webAddress(unsubscribe.page), oneClick: webAddress(unsubscribe.oneClick) },
  };
}

/** Spelt as browsers do, so that no blank or quote is left in it. The error doesn't repeat it: links hold secrets. */
function webAddress(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url?.protocol !== "https:" && url?.protocol !== "http:") {
    throw new Error("A link of a mail isn't an http or https address.");
  }
  return url.href;
}
