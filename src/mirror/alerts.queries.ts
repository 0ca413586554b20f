import { sql, type Transaction } from "kysely";
import type { DB } from "../db/schema.ts";

export interface Alert {
  readonly kind: "unknown_state" | "early_fraud_warning";
  readonly object_id: string;
  readonly detail: string;
}

/** Kept once however often it is seen. */
export async function raiseAlerts(trx: Transaction<DB>, alerts: readonly Alert[]): Promise<void> {
  if (alerts.length === 0) return;
  await sql`
    insert into alerts (kind, object_id, detail)
    select distinct * from unnest(
      ${alerts.map((alert) => alert.kind)}::text[], ${alerts.map((alert) => alert.object_id)}::text[], ${alerts.map((alert) => alert.detail)}::text[]
    ) as a (kind, object_id, detail)
    order by 1, 2, 3
    on conflict (kind, object_id, detail) do nothing
  `.execute(trx);
}
