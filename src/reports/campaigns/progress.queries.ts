import { type Kysely, sql } from "kysely";
import type { DB } from "../../db/schema.ts";

export interface CampaignSums {
  /** Minor units: charges less refunds and disputes, before fees. */
  readonly total: number;
  /** Donors of whose gifts something is left. */
  readonly supporters: number;
}

/**
 * The money that gifts to a campaign brought in this currency: of payments that Stripe booked between two instants (null leaves that end
 * open), less what of them was given back, whenever that was.
 */
export async function sumCampaign(
  db: Kysely<DB>,
  slug: string,
  currency: string,
  { start, end }: { readonly start: Date | null; readonly end: Date | null },
): Promise<CampaignSums> {
  const { rows } = await sql<CampaignSums>`
    select coalesce(sum(given), 0)::bigint as total, count(*) filter (where given > 0) as supporters
    from (
      select sum(m.gross - m.refunded - m.disputed) as given
      from donations d
      join payment_movements m on m.donation_id = d.id
      join payments p on p.id = m.payment_id
      where d.campaign = ${slug} and m.currency = ${currency}
        and (${start}::timestamptz is null or p.booked_at >= ${start}) and (${end}::timestamptz is null or p.booked_at < ${end})
      group by coalesce(d.donor_id, d.id)
    ) as of_donor
  `.execute(db);
  return rows[0] as CampaignSums;
}
