import { currencyFor, type NewsroomConfig, pickLocale } from "../../newsroom.ts";
import { FIRST_NAMES, HOMES, LAST_NAMES, MAIL_DOMAINS } from "./catalog.ts";
import { type Plan, STREAM } from "./plan.ts";
import { randomOf } from "./random.ts";

/** A reader who doesn't exist. The same number is always the same one. */
export interface Donor {
  readonly number: number;
  readonly country: string;
  readonly locale: string;
  readonly currency: string;
  readonly name: string;
  readonly email: string;
}

export function donorOf({ newsroom, seed }: Plan, number: number): Donor {
  const random = randomOf(seed, STREAM.donors, number);
  const { country, locale } = random.weighted(homesOf(newsroom));
  const first = random.pick(FIRST_NAMES[locale] ?? ["Reader"]);
  const last = random.pick(LAST_NAMES[locale] ?? ["Reader"]);
  const number36 = number.toString(36);
  return {
    number,
    country,
    locale: pickLocale(newsroom, locale),
    currency: currencyFor(newsroom, country),
    name: `${first} ${last}`,
    email: `reader.${number36}@${random.pick(MAIL_DOMAINS)}`,
  };
}

const homes = new WeakMap<NewsroomConfig, typeof HOMES>();

/** Without countries from which the newsroom accepts nothing, unless these are all. */
function homesOf(newsroom: NewsroomConfig): typeof HOMES {
  const known = homes.get(newsroom);
  if (known !== undefined) return known;
  const open = HOMES.filter(([{ country }]) => !newsroom.countries.blocked.includes(country));
  const made = open.length > 0 ? open : HOMES;
  homes.set(newsroom, made);
  return made;
}
