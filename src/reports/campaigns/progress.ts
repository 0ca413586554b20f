import type { Deps } from "../../deps.ts";
import type { NewsroomConfig } from "../../newsroom.ts";
import { AppError } from "../../shared/errors.ts";
import { periodStart } from "../../shared/period.ts";
import { type CampaignSums, sumCampaign } from "./progress.queries.ts";

/** However many readers look, a process asks the database this often. */
const FRESH_MS = 10_000;

export interface CampaignProgress extends CampaignSums {
  readonly slug: string;
  /** Minor units; null where the newsroom has set none. */
  readonly goal: number | null;
  readonly currency: string;
}

/**
 * How far a campaign has come. Money counts in the currency of its goal as Stripe settled it, from the campaign's first day to its last;
 * what was settled in another currency is not added.
 * @throws AppError `not_found` for a campaign that isn't in newsroom.yaml
 */
export function campaignProgress(
  deps: Pick<Deps, "db" | "newsroom">,
): (slug: string | string[] | undefined) => Promise<CampaignProgress> {
  const kept = new Map<string, { readonly until: number; readonly sums: Promise<CampaignSums> }>();

  return async (slug) => {
    const newsroom = deps.newsroom();
    if (typeof slug !== "string" || !Object.hasOwn(newsroom.campaigns, slug)) throw unknown();
    const campaign = newsroom.campaigns[slug] as Campaign;
    const currency = campaign.currency ?? newsroom.default_currency;
    const sums = await sumsOf(slug, currency, daysOf(campaign, newsroom.time_zone));
    return { slug, goal: campaign.goal ?? null, total: sums.total, supporters: sums.supporters, currency };
  };

  /** Readers who come at once wait for one query. */
  async function sumsOf(slug: string, currency: string, days: Days): Promise<CampaignSums> {
    const key = JSON.stringify([slug, currency, days]);
    const known = kept.get(key);
    if (known !== undefined && known.until > performance.now()) return await known.sums;
    const sums = sumCampaign(deps.db, slug, currency, days);
    kept.set(key, { until: performance.now() + FRESH_MS, sums });
    sums.catch(() => kept.delete(key));
    return await sums;
  }
}

type Campaign = NewsroomConfig["campaigns"][string];
type Days = ReturnType<typeof daysOf>;

function daysOf({ starts, ends }: Campaign, timeZone: string) {
  const instant = (day: string | undefined) => (day === undefined ? null : periodStart(day, timeZone));
  return { start: instant(starts), end: instant(ends) };
}

function unknown(): AppError {
  return new AppError(
    "not_found",
    "not_found",
    "There is no campaign of this name. Campaigns are set in newsroom.yaml.",
  );
}
