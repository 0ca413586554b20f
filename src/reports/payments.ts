import type { Kysely } from "kysely";
import type { DB } from "../db/schema.ts";
import { encodeCursor, type Position } from "./cursor.ts";
import type { Page } from "./keyset.ts";
import { type PaymentReportRow, type PaymentsFilter, readPayments } from "./payments.queries.ts";
import { reading } from "./reading.queries.ts";

export async function paymentsPage(
  db: Kysely<DB>,
  filter: PaymentsFilter,
  after: Position | null,
  limit: number,
): Promise<Page<PaymentReportRow>> {
  const found = await reading(db, (trx) => readPayments(trx, filter, after, limit + 1));
  const rows = found.slice(0, limit);
  const last = found.length > limit ? rows.at(-1) : undefined;
  return { rows, next_cursor: last === undefined ? null : encodeCursor(positionOf(last)) };
}

export function positionOf(row: PaymentReportRow): Position {
  return { booked_at: row.booked_at, id: row.payment_id };
}
