import type { Config } from "../config.ts";
import type { NewsroomConfig } from "../newsroom.ts";
import type { MailLinks } from "./kinds.ts";
import type { OutgoingMail } from "./mailer.ts";
import { type RenderedMail, senderName } from "./render.ts";

interface Addressed {
  readonly id: string;
  readonly to: string;
  readonly discreet: boolean;
  readonly links: MailLinks;
  readonly rendered: RenderedMail;
}

/**
 * The mail with its headers. Message-ID and Idempotency-Key follow from the mail's id, so a second sending can be told from a second mail.
 * Of a discreet one, no header names the newsroom but for the host of the sender's address and of the one-click link.
 */
export function messageOf(
  config: Pick<Config, "publicUrl">,
  newsroom: NewsroomConfig,
  { id, to, discreet, links, rendered }: Addressed,
): OutgoingMail {
  const { contact_email } = newsroom.newsroom;
  const from = newsroom.mail.from ?? contact_email;
  const host = discreet ? from.slice(from.lastIndexOf("@") + 1) : new URL(config.publicUrl).hostname;
  return {
    messageId: `<${id}@${host}>`,
    from: { name: oneLine(senderName(newsroom, discreet) ?? ""), address: from },
    // Another address than the sender's could name the newsroom.
    replyTo: discreet ? null : contact_email,
    to,
    subject: oneLine(rendered.subject),
    html: rendered.html,
    text: rendered.text,
    headers: {
      "Idempotency-Key": id,
      "Auto-Submitted": "auto-generated",
      "X-Auto-Response-Suppress": "All",
      "Content-Language": rendered.language,
      ...unsubscribeHeaders(links),
    },
  };
}

/** One click in the reader's mail program. https://www.rfc-editor.org/rfc/rfc8058 */
function unsubscribeHeaders({ unsubscribe }: MailLinks): Record<string, string> {
  if (unsubscribe === null) return {};
  return {
    "List-Unsubscribe": `<${unsubscribe.oneClick}>`,
    "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
  };
}

/** Line ends would begin another header, and an override of direction can make one thing look like another; isolates are our own. */
function oneLine(text: string): string {
  return text
    .replace(/[\p{Cc}\u2028\u2029]+/gu, " ")
    .replace(/[\u202a-\u202e]/g, "")
    .trim()
    .slice(0, LONGEST_LINE);
}

const LONGEST_LINE = 250;
