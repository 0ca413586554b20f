import type { NewsroomConfig } from "../../newsroom.ts";
import { localDate } from "../../shared/period.ts";
import { randomOf } from "./random.ts";

export const DAY = 86_400;

/** What a set of sample data is: the same plan gives the same rows. Times are Stripe's seconds. */
export interface Plan {
  readonly seed: number;
  /** Payments to be made; none more, none less. */
  readonly payments: number;
  /** The midnight (UTC) at which giving begins. */
  readonly from: number;
  /** Nothing happens later. */
  readonly until: number;
  readonly newsroom: NewsroomConfig;
  readonly days: readonly PlannedDay[];
}

export interface PlannedDay {
  readonly start: number;
  /** How much is given, an ordinary day at the beginning being 1. */
  readonly weight: number;
  readonly campaign: string | null;
}

export function planOf(
  newsroom: NewsroomConfig,
  set: { readonly seed: number; readonly payments: number; readonly years: number; readonly until: Date },
): Plan {
  const until = Math.floor(+set.until / 1000);
  const from = Math.floor((until - set.years * 365.25 * DAY) / DAY) * DAY;
  const days = Array.from({ length: Math.ceil((until - from) / DAY) }, (_, index) => {
    const start = from + index * DAY;
    const campaign = campaignOf(newsroom, start);
    const growth = 1 + (2.4 * (start - from)) / (until - from);
    const inFull = Math.min(1, Math.max(0, until - start - NOTHING_NEW_IN) / DAY);
    const weight = growth * seasonOf(start) * spikeOf(set.seed, index) * pullOf(newsroom, start, campaign) * inFull;
    return { start, weight, campaign };
  });
  return { seed: set.seed, payments: set.payments, from, until, newsroom, days };
}

/** Who comes to the form has paid this many seconds later, or leaves. */
export const NOTHING_NEW_IN = 900;

const BY_MONTH = [0.95, 0.9, 1, 0.95, 1, 0.9, 0.75, 0.75, 1, 1.05, 1.2, 1.45];
const BY_WEEKDAY = [0.85, 1.05, 1.1, 1.1, 1.05, 1, 0.8];

function seasonOf(start: number): number {
  const date = new Date(start * 1000);
  return (BY_MONTH[date.getUTCMonth()] ?? 1) * (BY_WEEKDAY[date.getUTCDay()] ?? 1);
}

/** News that everybody reads: on one day in sixty or so. */
function spikeOf(seed: number, day: number): number {
  const random = randomOf(seed, STREAM.spikes, day);
  return random.chance(1 / 60) ? 2 + random.next() * 2 : 0.9 + random.next() * 0.2;
}

/** The newsroom's own campaigns where it has dated them, else an appeal each winter and one each spring. */
function campaignOf(newsroom: NewsroomConfig, start: number): string | null {
  const day = localDate(new Date(start * 1000), newsroom.time_zone);
  for (const [slug, { starts, ends }] of Object.entries(newsroom.campaigns)) {
    if (starts !== undefined && day >= starts && (ends === undefined || day < ends)) return slug;
  }
  const [year, date] = [day.slice(0, 4), day.slice(5)];
  const name = date >= "11-15" ? `winter-${year}` : date >= "05-02" && date < "05-17" ? `spring-${year}` : null;
  return name === null || Object.hasOwn(newsroom.campaigns, name) ? null : name;
}

/** A campaign pulls most on its first days and, in winter, on the last days of the year. */
function pullOf(newsroom: NewsroomConfig, start: number, campaign: string | null): number {
  if (campaign === null) return 1;
  const isNew = campaignOf(newsroom, start - 3 * DAY) !== campaign;
  const isLast = new Date(start * 1000).toISOString().slice(5, 10) >= "12-29";
  return isNew || isLast ? 2.4 : 1.5;
}

/** Each matter has its own stream of random numbers, so that more of one doesn't change the others. */
export const STREAM = { gifts: 1, extraGifts: 2, donors: 3, days: 4, spikes: 5, payouts: 6 } as const;
