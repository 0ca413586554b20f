/** Every column that holds sealed bytes. A migration that adds one adds it here, or a rotated key can't be retired (a test compares this with the schema). */
export const SEALED_COLUMNS = [
  { table: "vault_lookup_key", id: "id", column: "wrapped" },
  { table: "checkouts", id: "donation_id", column: "params_sealed" },
  { table: "checkouts", id: "donation_id", column: "url_sealed" },
  { table: "stripe_events", id: "id", column: "payload_sealed" },
  { table: "stripe_sessions", id: "id", column: "recovery_url_sealed" },
  { table: "stripe_customers", id: "id", column: "email_sealed" },
  { table: "stripe_customers", id: "id", column: "name_sealed" },
  { table: "mails", id: "id", column: "to_sealed" },
  { table: "reminders", id: "id", column: "address_sealed" },
  { table: "staff_members", id: "id", column: "address_sealed" },
] as const;

export type SealedColumn = (typeof SEALED_COLUMNS)[number];

/** What a sealed value is bound to. */
export function contextOf(column: SealedColumn, id: string): string {
  return `${column.table}.${column.column}:${id}`;
}
