import type { Config } from "../config.ts";
import type { NewsroomConfig } from "../newsroom.ts";
import { ATTRIBUTION_FIELDS } from "../shared/attribution.ts";
import type { FormValues } from "./form-values.ts";

// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is refused
const SHORT_LINE = /^[^\u0000-\u001f\u007f-\u009f]{1,100}$/;

/**
 * Where a reader may be led back to: an article on the newsroom's own sites or on this service, never an address that
 * somebody else put into a link. Without what may identify a reader; null for anything else.
 */
export function ownArticle(
  config: Pick<Config, "publicUrl">,
  newsroom: NewsroomConfig,
  articleUrl: string | null | undefined,
): string | null {
  if (!articleUrl || articleUrl.length > 1000 || !URL.canParse(articleUrl)) return null;
  const url = new URL(articleUrl);
  const sites = [new URL(config.publicUrl).origin, new URL(newsroom.newsroom.url).origin, ...newsroom.allowed_origins];
  return sites.includes(url.origin) ? `${url.origin}${url.pathname}` : null;
}

/** Where the form is: under the article if that is ours, else on its own page. */
export function formUrl(
  config: Pick<Config, "publicUrl">,
  newsroom: NewsroomConfig,
  from: {
    readonly articleUrl: string | null;
    readonly locale: string;
    readonly choices?: Readonly<Record<string, string>>;
  },
): string {
  const article = ownArticle(config, newsroom, from.articleUrl);
  const query = new URLSearchParams({ locale: from.locale, ...from.choices });
  if (article !== null && new URL(article).origin === new URL(config.publicUrl).origin) {
    return `${article}?${query.toString()}#support`;
  }
  if (article !== null) query.set("article_url", article);
  return `/give?${query.toString()}`;
}

/** What of the attribution can be sent on with the form: what the API would refuse is left out, as no reader could mend it. */
export function usableAttribution(values: Readonly<Record<string, unknown>>): Record<string, string> {
  const usable: Record<string, string> = {};
  for (const name of ATTRIBUTION_FIELDS) {
    const value = Object.hasOwn(values, name) ? values[name] : undefined;
    if (typeof value !== "string") continue;
    const text = value.trim();
    const isAddress = name === "article_url" || name === "referrer";
    if (isAddress ? isWebAddress(text) : SHORT_LINE.test(text)) usable[name] = text;
  }
  return usable;
}

/** The same of a form that was sent, whose `attribution[campaign]` its parser reads as an object within. */
export function sentAttribution(fields: FormValues): Record<string, string> {
  const sent = Object.hasOwn(fields, "attribution") ? fields.attribution : undefined;
  return typeof sent === "object" && sent !== null ? usableAttribution(sent as Record<string, unknown>) : {};
}

function isWebAddress(text: string): boolean {
  return text.length <= 1000 && /^https?:\/\/\S+$/.test(text) && URL.canParse(text);
}
