import type { Config } from "../config.ts";
import type { NewsroomConfig } from "../newsroom.ts";
import { ownArticle } from "../pages/article.ts";

/** What a reminder knows of the gift that its reader thought of, and of the article that they read. */
export interface RemindedGift {
  readonly token: string;
  readonly locale: string | null;
  readonly frequency: string | null;
  /** Minor units. */
  readonly amount: number | null;
  readonly currency: string | null;
  readonly article_url: string | null;
  readonly article_id: string | null;
  readonly campaign: string | null;
}

/** The address of the form, filled in. What is given there is tied to the reminder; the way back leads to the article if it is ours. */
export function giveLink(config: Pick<Config, "publicUrl">, newsroom: NewsroomConfig, reminder: RemindedGift): string {
  const { frequency, amount, currency, locale, token, article_id, campaign } = reminder;
  const values = {
    frequency,
    amount: amount === null ? null : String(amount),
    currency,
    locale,
    reminder_token: token,
    article_url: ownArticle(config, newsroom, reminder.article_url),
    article_id,
    campaign,
  };
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(values)) if (value !== null) query.set(name, value);
  return `${config.publicUrl}/give?${query}`;
}
