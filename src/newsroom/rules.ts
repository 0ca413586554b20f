import { chargeStep, isChargeable, largestCharge } from "../shared/money.ts";
import { type AmountRules, type Campaign, FREQUENCIES, type NewsroomFile } from "./schema.ts";
import type { FileFault } from "./yaml.ts";

type Path = readonly PropertyKey[];

/** What a schema of single keys can't say: limits that fit each other, codes that are named elsewhere in the file. */
export function newsroomFaults(file: NewsroomFile, locales: readonly string[]): readonly FileFault[] {
  return [
    ...currencyFaults(file),
    ...referenceFaults(file, locales),
    ...listFaults(file),
    ...Object.entries(file.campaigns).flatMap(([slug, campaign]) => campaignFaults(file, slug, campaign)),
  ];
}

function currencyFaults(file: NewsroomFile): readonly FileFault[] {
  return Object.entries(file.currencies).flatMap(([currency, rules]) =>
    FREQUENCIES.flatMap((frequency) =>
      amountFaults(
        ["currencies", currency, frequency],
        rules[frequency],
        currency,
        file.stripe_minimums[currency] ?? 1,
      ),
    ),
  );
}

function amountFaults(at: Path, rules: AmountRules, currency: string, stripeMinimum: number): readonly FileFault[] {
  const faults: FileFault[] = [];
  const fault = (key: Path, message: string) => {
    faults.push({ path: [...at, ...key], message });
  };

  const amounts: readonly (readonly [Path, number])[] = [
    [["minimum"], rules.minimum],
    [["maximum"], rules.maximum],
    ...rules.presets.map((preset, index) => [["presets", index], preset] as const),
  ];
  for (const [key, amount] of amounts) {
    if (!isChargeable(amount, currency)) fault(key, unchargeable(currency));
  }
  if (rules.minimum > rules.maximum) fault(["minimum"], "must not be above the maximum");
  if (rules.minimum < stripeMinimum) fault(["minimum"], `must be Stripe's minimum of ${stripeMinimum} or more`);
  for (const [index, preset] of rules.presets.entries()) {
    if (preset < rules.minimum || preset > rules.maximum) fault(["presets", index], "must be inside the limits");
    if (index > 0 && preset <= (rules.presets[index - 1] ?? 0))
      fault(["presets", index], "must be above the one before");
  }
  if (!rules.presets.includes(rules.default)) fault(["default"], "must be one of the presets");
  return faults;
}

function unchargeable(currency: string): string {
  const step = chargeStep(currency);
  const divisible = step === 1 ? "" : `divisible by ${step} and `;
  return `Stripe can't charge it in ${currency}: it must be ${divisible}no more than ${largestCharge(currency)}`;
}

function referenceFaults(file: NewsroomFile, locales: readonly string[]): readonly FileFault[] {
  const faults: FileFault[] = [];
  const known = (path: Path, currency: string) => {
    if (!Object.hasOwn(file.currencies, currency))
      faults.push({ path, message: "must be one of the keys of currencies" });
  };
  known(["default_currency"], file.default_currency);
  for (const [country, currency] of Object.entries(file.currency_by_country)) {
    known(["currency_by_country", country], currency);
  }
  if (!locales.includes(file.default_locale)) {
    faults.push({ path: ["default_locale"], message: "must be one of the languages in locales" });
  }
  for (const [index, country] of file.countries.acknowledge.entries()) {
    if (!file.countries.blocked.includes(country)) continue;
    faults.push({ path: ["countries", "acknowledge", index], message: "is also blocked; keep one of them" });
  }
  return faults;
}

function listFaults(file: NewsroomFile): readonly FileFault[] {
  const lists: readonly (readonly [Path, readonly (string | number)[]])[] = [
    [["locales"], file.locales ?? []],
    [["allowed_origins"], file.allowed_origins],
    [["reminders", "in_months"], file.reminders.in_months],
    [["countries", "blocked"], file.countries.blocked],
    [["countries", "acknowledge"], file.countries.acknowledge],
  ];
  return lists.flatMap(([path, list]) =>
    list.flatMap((item, index) =>
      list.indexOf(item) < index ? [{ path: [...path, index], message: "is listed twice" }] : [],
    ),
  );
}

function campaignFaults(file: NewsroomFile, slug: string, campaign: Campaign): readonly FileFault[] {
  const path = ["campaigns", slug];
  const faults: FileFault[] = [];
  if (campaign.goal !== undefined && campaign.currency === undefined) {
    faults.push({ path: [...path, "currency"], message: "is missing; a goal needs one" });
  }
  if (campaign.currency !== undefined && !Object.hasOwn(file.currencies, campaign.currency)) {
    faults.push({ path: [...path, "currency"], message: "must be one of the keys of currencies" });
  }
  if (campaign.starts !== undefined && campaign.ends !== undefined && campaign.ends <= campaign.starts) {
    faults.push({ path: [...path, "ends"], message: "must be after starts: it is the day after the last one" });
  }
  return faults;
}
