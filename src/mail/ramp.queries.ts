import { sql, type Transaction } from "kysely";
import type { DB } from "../db/schema.ts";
import type { MailKind } from "./kinds.ts";
import type { Ramp } from "./ramp.ts";

/** How many of a template have gone, without waiting for anybody; null when it is new. */
export async function readRampCount(trx: Transaction<DB>, kind: MailKind, version: string): Promise<number> {
  const { rows } = await sql<{ sent: number }>`
    select sent from mail_ramps where kind = ${kind} and template_version = ${version}
  `.execute(trx);
  return rows[0]?.sent ?? 0;
}

export interface LockedRamp {
  readonly ramp: Ramp;
  /** Of the database's clock, once the row was ours. */
  readonly now: number;
}

/** Workers that send the same new template take turns. */
export async function lockRamp(trx: Transaction<DB>, kind: MailKind, version: string): Promise<LockedRamp> {
  await sql`
    insert into mail_ramps (kind, template_version) values (${kind}, ${version}) on conflict do nothing
  `.execute(trx);
  const { rows } = await sql<{ sent: number; recent: number[]; place_at: number; places: number; now: number }>`
    with locked as materialized (
      select * from mail_ramps where kind = ${kind} and template_version = ${version} for update
    )
    select sent, array(select extract(epoch from at)::float8 * 1000 from unnest(recent) as at order by at) as recent,
      case when place_at = '-infinity' then 0 else extract(epoch from place_at)::float8 * 1000 end as place_at, places,
      extract(epoch from clock_timestamp())::float8 * 1000 as now
    from locked
  `.execute(trx);
  const row = rows[0] as NonNullable<(typeof rows)[0]>;
  return {
    ramp: { sent: row.sent, recent: row.recent, placeAt: row.place_at, places: row.places },
    now: row.now,
  };
}

export async function writeRamp(trx: Transaction<DB>, kind: MailKind, version: string, ramp: Ramp): Promise<void> {
  await sql`
    update mail_ramps set sent = ${ramp.sent}, recent = array(select to_timestamp(ms / 1000.0) from unnest(${[...ramp.recent]}::float8[]) as ms),
      place_at = to_timestamp(${ramp.placeAt}::float8 / 1000), places = ${ramp.places}
    where kind = ${kind} and template_version = ${version}
  `.execute(trx);
}
