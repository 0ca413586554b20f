import { copyFor, type NewsroomConfig } from "../newsroom.ts";
import { fill } from "../shared/copy.ts";
import type { MailLinks } from "./kinds.ts";
import type { Fact, Letter, Link, Part } from "./templates/letter.ts";
import { inDirection, oneLine } from "./templates/one-line.ts";

/** A letter with its head and foot, clean and ready to be set as HTML and as text, which say the same. */
export interface Sheet {
  readonly language: string;
  readonly direction: "ltr" | "rtl";
  readonly subject: string;
  readonly preheader: string;
  /** The newsroom's name; null in the discreet style. */
  readonly masthead: string | null;
  readonly heading: string;
  readonly parts: readonly Part[];
  readonly why: string;
  readonly unsubscribe: Link | null;
  readonly questions: string;
  readonly reference: string | null;
  /** Who stands behind the mail: the true legal entity, its postal address and tax number, a line each. */
  readonly imprint: readonly string[];
  /** #rrggbb, of the newsroom. */
  readonly color: string;
}

export interface Envelope {
  readonly locale: string;
  readonly discreet: { readonly subject: string } | null;
  readonly links: MailLinks;
  readonly reference: string | null;
}

/** In the discreet style, what shows outside of the opened mail names neither the newsroom nor what it is about. */
export function sheetOf(newsroom: NewsroomConfig, letter: Letter, envelope: Envelope): Sheet {
  const { locale, discreet, links } = envelope;
  const { mail: copy, page, direction } = copyFor(newsroom, locale);
  const { name, contact_email } = newsroom.newsroom;
  const entity = newsroom.legal_entity;
  const placed = (value: string) => inDirection(value, direction);
  return {
    language: locale,
    direction,
    subject: oneLine(discreet?.subject ?? letter.subject),
    preheader: oneLine(discreet ? copy.discreet_preheader : letter.preheader),
    masthead: discreet ? null : placed(name),
    heading: discreet?.subject ?? letter.heading,
    parts: letter.parts.map((part) =>
      part.is === "facts" ? { ...part, facts: part.facts.map(([fact, value]): Fact => [fact, placed(value)]) } : part,
    ),
    why: letter.why,
    unsubscribe: links.unsubscribe && { text: letter.unsubscribe, url: links.unsubscribe.page },
    questions: fill(page.questions, { contact_email: placed(contact_email) }),
    reference: envelope.reference ? fill(page.reference, { id: placed(envelope.reference) }) : null,
    imprint: [
      ...[entity.name, ...entity.postal_address].map(placed),
      fill(copy.tax_number, { tax_number: placed(entity.tax_number) }),
    ],
    color: newsroom.mail.color,
  };
}
