import type { Remembered } from "../../donations/attribution.ts";
import type { NewDonation } from "../../donations/types.ts";
import { toMetadata } from "../../mirror/metadata.ts";
import { amountRules, copyFor, type Frequency, feeSchedule } from "../../newsroom.ts";
import { consentStatement } from "../../pages/consent.ts";
import { coverFees } from "../../shared/fees.ts";
import { chargeStep } from "../../shared/money.ts";
import { ARTICLE_AGES, ARTICLE_PLACES, articleOf, PLACEMENTS, SOURCES } from "./catalog.ts";
import type { Donor } from "./donor.ts";
import { DAY } from "./plan.ts";
import type { Random } from "./random.ts";
import type { World } from "./world.ts";

/** What a reader has chosen on the form. */
export interface Gift {
  readonly donation: NewDonation;
  readonly donor: Donor;
  readonly frequency: Frequency;
  readonly currency: string;
  /** Minor units, with the fees if the reader covers them. */
  readonly amount: number;
  readonly session: string;
  /** When the form was sent. */
  readonly at: number;
  /** What travels at Stripe. */
  readonly metadata: ReturnType<typeof toMetadata>;
}

export function chooseGift(
  world: World,
  random: Random,
  donor: Donor,
  frequency: Frequency,
  at: number,
  campaign: string | null,
): Gift {
  const { newsroom } = world.plan;
  const { chosen, amount } = chooseAmount(world, random, donor.currency, frequency);
  const id = donationId(random, at);
  const session = world.id("cs");
  const donation = {
    id,
    created_at: new Date(at * 1000),
    origin: "checkout",
    frequency,
    currency: donor.currency,
    amount,
    chosen_amount: chosen,
    fees_covered: amount > chosen,
    locale: donor.locale,
    country: donor.country,
    discreet: random.chance(0.08),
    newsletter: random.chance(0.21),
    // Nobody is to be written to: these readers don't exist.
    no_mail: true,
    ...origin(newsroom.newsroom.url, random, at, campaign),
    status: "open",
    stripe_session: session,
  } satisfies NewDonation;
  return {
    donation,
    donor,
    frequency,
    currency: donor.currency,
    amount,
    session,
    at,
    // Without the attribution code, which serves databases that have never seen the donation: a third of all the time goes into such codes.
    metadata: toMetadata({ donation_id: id, frequency, attribution_code: "" }),
  };
}

/** The donation and the proof of consent, as the checkout leaves them once Stripe has answered. */
export function putGift(world: World, { donation, donor, frequency, currency, amount }: Gift): void {
  const { newsroom } = world.plan;
  world.sink.put("donations", () => ({ ...donation }));
  world.sink.put("consents", () => ({
    donation_id: donation.id,
    shown_at: donation.created_at,
    terms_version: newsroom.terms.version,
    terms_in_force: newsroom.terms.version,
    locale: donor.locale,
    frequency,
    currency,
    amount,
    statement: statementOf(world, donor.locale, frequency, currency, amount),
  }));
}

function chooseAmount(world: World, random: Random, currency: string, frequency: Frequency) {
  const { newsroom } = world.plan;
  const rules = amountRules(newsroom, currency, frequency);
  const fees = feeSchedule(newsroom, currency);
  if (rules === null || fees === null) throw new Error("A country's currency has no amounts.");
  const smallest = rules.presets[0] ?? rules.minimum;
  const chosen = random.chance(0.4)
    ? rules.default
    : random.chance(0.78)
      ? random.pick(rules.presets)
      : inSteps(smallest * random.pick([0.6, 1.2, 1.5, 3, 4, 7.5, 12]), rules, chargeStep(currency));
  const total = random.chance(0.37) ? coverFees(chosen, fees, currency) : chosen;
  return { chosen, amount: total };
}

/** An amount of the reader's own. */
function inSteps(amount: number, rules: { readonly minimum: number; readonly maximum: number }, step: number): number {
  const within = Math.min(rules.maximum, Math.max(rules.minimum, Math.round(amount)));
  return Math.max(step, Math.floor(within / step) * step);
}

type Origin = Omit<
  Remembered,
  "chosen_amount" | "fees_covered" | "locale" | "country" | "discreet" | "newsletter" | "no_mail"
>;

function origin(url: string, random: Random, at: number, campaign: string | null): Origin {
  const placement = random.weighted(PLACEMENTS);
  const week = Math.max(0, Math.floor(at / (7 * DAY)) - random.weighted(ARTICLE_AGES));
  const article = placement === "support-page" ? null : articleOf(week, random.weighted(ARTICLE_PLACES));
  const source = random.weighted(SOURCES);
  const named = campaign !== null && random.chance(0.62) ? campaign : null;
  return {
    article_id: article,
    article_url: article === null ? null : `${url.replace(/\/$/, "")}/news/${article}`,
    campaign: named,
    placement,
    variant: random.chance(0.5) ? "a" : "b",
    referrer: random.chance(0.2) ? "https://search.example/" : null,
    ...source,
    utm_campaign: source.utm_source === null ? null : (named ?? "always-on"),
    utm_content: null,
    utm_term: null,
  };
}

/** A UUIDv7 whose random part comes from the seed. */
function donationId(random: Random, at: number): string {
  const time = (at * 1000 + random.int(1000)).toString(16).padStart(12, "0");
  const hex = (digits: number) =>
    random
      .int(16 ** digits)
      .toString(16)
      .padStart(digits, "0");
  const variant = (8 + random.int(4)).toString(16);
  return `${time.slice(0, 8)}-${time.slice(8)}-7${hex(3)}-${variant}${hex(3)}-${hex(6)}${hex(6)}`;
}

const statements = new Map<string, string>();

/** Most readers give one of a few amounts. */
function statementOf(world: World, locale: string, frequency: Frequency, currency: string, amount: number): string {
  const { newsroom } = world.plan;
  const key = [newsroom.terms.version, newsroom.legal_entity.name, locale, frequency, currency, amount].join(" ");
  const known = statements.get(key);
  if (known !== undefined) return known;
  const statement = consentStatement(newsroom, copyFor(newsroom, locale), locale, { frequency, currency }, amount);
  statements.set(key, statement);
  return statement;
}
