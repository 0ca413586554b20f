import type { Copy, Frequency, NewsroomConfig } from "../newsroom.ts";
import { fill } from "../shared/copy.ts";
import { formatMoney } from "../shared/money.ts";

/** The sentences that stand beside the button, in the reader's language: what the form shows and what is kept as proof. */
export function consentSentences(
  newsroom: NewsroomConfig,
  copy: {
    readonly form: Pick<
      Copy["form"],
      "consent" | "recipient" | "how_to_stop" | "terms" | "terms_link" | "privacy_link"
    >;
  },
  locale: string,
  gift: { readonly frequency: Frequency; readonly currency: string },
  total: number,
): { readonly charge: string; readonly recipient: string; readonly stop: string | null; readonly terms: string } {
  const { form } = copy;
  return {
    charge: fill(form.consent[gift.frequency], { amount: formatMoney(total, gift.currency, locale, { short: true }) }),
    recipient: fill(form.recipient, { legal_entity: newsroom.legal_entity.name }),
    stop: gift.frequency === "once" ? null : fill(form.how_to_stop, { contact_email: newsroom.newsroom.contact_email }),
    terms: fill(form.terms, { terms: form.terms_link, privacy: form.privacy_link }),
  };
}

export function consentStatement(
  newsroom: NewsroomConfig,
  copy: Parameters<typeof consentSentences>[1],
  locale: string,
  gift: { readonly frequency: Frequency; readonly currency: string },
  total: number,
): string {
  const sentences = consentSentences(newsroom, copy, locale, gift, total);
  return [sentences.charge, sentences.recipient, sentences.stop, sentences.terms]
    .filter((sentence) => sentence !== null)
    .join(" ");
}
