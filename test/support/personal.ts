/** What may be known of a reader, each so that it can be told from all else. Nothing of it may stand anywhere but in the vault. */
export const PERSONAL = {
  email: "Ada.Lovelace+7f3a91@leak.example",
  name: "Ada Augusta King Lovelace-7f3a91",
  phone: "+49 151 7391 7391 7391",
  phone_as_number: "4915173917391739",
  street: "73 Marker Street 7f3a91",
  city: "Markerville-7f3a91",
  postal_code: "MK-7391-7391",
  ip: "203.0.113.73, 198.51.100.73",
  last4: "last4-7f3a91",
  fingerprint: "Fp7f3a91Marker",
  comment: "I am moving to Markerland 7f3a91",
  article_query: "gift-link-token-7f3a91",
  article_fragment: "comment-of-ada-7f3a91",
  article_account: "ada-account-7f3a91",
  referrer_query: "mail-id-7f3a91-of-ada",
  key: "client-key-7f3a91-of-ada",
  form_key: "form-key-7f3a91-of-ada",
  captcha_token: "captcha-7f3a91-of-ada",
  reminder_token: "reminder-7f3a91-of-ada",
  cookie: "session-cookie-7f3a91",
  user_agent: "AdasBrowser/7f3a91",
} as const;

/** Where a gift came from: kept in the table of donations, for the reports, and neither logged nor told to Stripe. */
export const ORIGIN = {
  article_path: "politics/marker-article-5b2e",
  referrer_path: "front/marker-referrer-5b2e",
  article_id: "article-id-5b2e-marker",
  campaign: "campaign-5b2e-marker",
  placement: "placement-5b2e-marker",
  variant: "variant-5b2e-marker",
  utm_source: "utm-source-5b2e-marker",
  utm_medium: "utm-medium-5b2e-marker",
  utm_campaign: "utm-campaign-5b2e-marker",
  utm_content: "utm-content-5b2e-marker",
  utm_term: "utm-term-5b2e-marker",
} as const;

const { article_path, referrer_path, ...named } = ORIGIN;

/** A body in which everything personal stands that a reader's browser could send along. */
export const BODY = {
  frequency: "once",
  amount: 2500,
  currency: "USD",
  email: PERSONAL.email,
  locale: "de",
  country: "DE",
  newsletter: true,
  captcha_token: PERSONAL.captcha_token,
  reminder_token: PERSONAL.reminder_token,
  attribution: {
    article_url: `https://${PERSONAL.article_account}:x@www.example.org/${article_path}?share=${PERSONAL.article_query}&email=${encodeURIComponent(PERSONAL.email)}#${PERSONAL.article_fragment}`,
    referrer: `https://mail.example.org/${referrer_path}?m=${PERSONAL.referrer_query}`,
    ...named,
  },
};

/** What a browser sends without being asked. */
export const HEADERS: Readonly<Record<string, string>> = {
  referer: BODY.attribution.article_url,
  "user-agent": PERSONAL.user_agent,
  cookie: `sid=${PERSONAL.cookie}`,
  "x-forwarded-for": PERSONAL.ip,
  "idempotency-key": PERSONAL.key,
};

/** The same as a page without scripts sends it. */
export function formOf(body: Readonly<Record<string, unknown>>): URLSearchParams {
  const fields = new URLSearchParams({ idempotency_key: PERSONAL.form_key });
  for (const [name, value] of Object.entries(body)) {
    if (typeof value === "object" && value !== null) {
      for (const [key, inner] of Object.entries(value)) fields.append(`${name}[${key}]`, String(inner));
    } else fields.append(name, value === true ? "on" : String(value));
  }
  return fields;
}

const ADDRESS = {
  line1: PERSONAL.street,
  line2: PERSONAL.street,
  city: PERSONAL.city,
  postal_code: PERSONAL.postal_code,
  state: PERSONAL.city,
};
const DETAILS = { email: PERSONAL.email, name: PERSONAL.name, phone: PERSONAL.phone, address: ADDRESS };

/** All that Stripe's objects may say of a person, at the names that it has there, in an object and in all objects within it. */
export function withPersonal(value: unknown, depth = 0): unknown {
  if (Array.isArray(value)) return value.map((each) => withPersonal(each, depth + 1));
  if (typeof value !== "object" || value === null || depth > 3) return value;
  const within = Object.fromEntries(Object.entries(value).map(([key, each]) => [key, withPersonal(each, depth + 1)]));
  return {
    ...within,
    ...DETAILS,
    customer_details: DETAILS,
    billing_details: DETAILS,
    shipping: DETAILS,
    shipping_details: DETAILS,
    customer_email: PERSONAL.email,
    customer_name: PERSONAL.name,
    customer_phone: PERSONAL.phone,
    customer_address: ADDRESS,
    receipt_email: PERSONAL.email,
    receipt_number: PERSONAL.fingerprint,
    description: `Gift of ${PERSONAL.name}`,
    failure_message: `${PERSONAL.email} was declined`,
    fingerprint: PERSONAL.fingerprint,
    last4: PERSONAL.last4,
    ip_address: PERSONAL.ip,
    comment: PERSONAL.comment,
  };
}
