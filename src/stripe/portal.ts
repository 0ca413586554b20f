import type { StripeClient } from "./client.ts";
import type { Stripe } from "./types.ts";

type Configuration = Stripe.BillingPortal.Configuration;
type Locale = NonNullable<Stripe.BillingPortal.SessionCreateParams["locale"]>;

/** Tells our configuration of the portal from others of the account. */
const MARK = { made_by: "reader-donations" } as const;

/** The portal's own list; a language that it lacks (Arabic) is left to the browser. */
const LOCALES: ReadonlySet<string> = new Set<Locale>(
  "bg cs da de el en es et fi fil fr hr hu id it ja ko lt lv ms mt nb nl pl pt ro ru sk sl sv th tr vi zh".split(" "),
);

interface Terms {
  readonly terms_url: string;
  readonly privacy_url: string;
}

/**
 * Makes our configuration of Stripe's billing portal, on which a card can be changed and invoices be seen and nothing else, or gives the one
 * that is there the newsroom's present addresses. One made by the API never becomes the account's default, so its id has to be named.
 */
export async function ensurePortal(stripe: StripeClient, terms: Terms): Promise<"made" | "updated" | "was there"> {
  const profile = { terms_of_service_url: terms.terms_url, privacy_policy_url: terms.privacy_url };
  const { configurations } = stripe.api.billingPortal;
  const found = await findPortal(stripe);
  if (found === null) {
    const features = { payment_method_update: { enabled: true }, invoice_history: { enabled: true } };
    await configurations.create({ business_profile: profile, features, metadata: MARK });
    return "made";
  }
  const { terms_of_service_url, privacy_policy_url } = found.business_profile;
  if (terms_of_service_url === terms.terms_url && privacy_policy_url === terms.privacy_url) return "was there";
  await configurations.update(found.id, { business_profile: profile });
  return "updated";
}

export interface CardPage {
  readonly customer: string;
  /** The reader's language. */
  readonly locale: string;
  /** Where it leads when the reader turns back, and after the card was changed. */
  readonly returnUrl: string;
  readonly doneUrl: string;
}

/** The address of a page at Stripe, good for a few minutes, on which a customer makes another card their default. Whoever has it acts for them. */
export async function portalCardPage(
  stripe: StripeClient,
  { customer, locale, returnUrl, doneUrl }: CardPage,
  options: Stripe.RequestOptions,
): Promise<string> {
  const configuration = await findPortal(stripe, options);
  const session = await stripe.api.billingPortal.sessions.create(
    {
      customer,
      // Without ours the account's default, if it has one.
      ...(configuration === null ? {} : { configuration: configuration.id }),
      locale: localeOf(locale),
      return_url: returnUrl,
      flow_data: {
        type: "payment_method_update",
        after_completion: { type: "redirect", redirect: { return_url: doneUrl } },
      },
    },
    options,
  );
  return session.url;
}

async function findPortal(stripe: StripeClient, options: Stripe.RequestOptions = {}): Promise<Configuration | null> {
  const all = stripe.api.billingPortal.configurations.list({ active: true, limit: 100 }, options);
  for await (const each of all) if (each.metadata?.made_by === MARK.made_by) return each;
  return null;
}

function localeOf(locale: string): Locale {
  const language = locale.split("-")[0] ?? "";
  return LOCALES.has(language) ? language : "auto";
}
