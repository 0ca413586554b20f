/** What is known about where a reader comes from, as the API, the form's address and the tables spell it. */
export const ATTRIBUTION_FIELDS = [
  "article_id",
  "article_url",
  "campaign",
  "placement",
  "variant",
  "referrer",
  "utm_source",
  "utm_medium",
  "utm_campaign",
  "utm_content",
  "utm_term",
] as const;

type AttributionField = (typeof ATTRIBUTION_FIELDS)[number];

/** As a row keeps it: null for what isn't known. */
export function attributionColumns(
  from: Readonly<Partial<Record<AttributionField, string | null | undefined>>>,
): Record<AttributionField, string | null> {
  return Object.fromEntries(ATTRIBUTION_FIELDS.map((field) => [field, from[field] ?? null])) as Record<
    AttributionField,
    string | null
  >;
}
