import { sql, type Transaction } from "kysely";
import type { DB } from "../db/schema.ts";
import type { Derived } from "./derive.ts";
import type { NewDonation, PaymentRow } from "./types.ts";

/** Writes what differs and nothing else: deriving again changes no row. @param now from when on a gift is known that is new here */
export async function writeDerived(trx: Transaction<DB>, derived: readonly Derived[], now: Date): Promise<void> {
  if (derived.length === 0) return;
  await insertForeign(
    trx,
    derived.flatMap((one) => one.foreign ?? []),
    now,
  );
  await updateDonations(trx, derived);
  await removePayments(trx, derived);
  await upsertPayments(
    trx,
    derived.flatMap((one) => one.payments),
  );
  await writeMovements(trx, derived);
}

/** Those with the same columns together: what isn't told of one (its attribution can't be opened any longer) is left as it was. */
async function insertForeign(trx: Transaction<DB>, rows: readonly NewDonation[], now: Date): Promise<void> {
  const alike = Map.groupBy(rows, (row) => Object.keys(row).sort().join());
  for (const some of alike.values()) {
    const columns = Object.keys(some[0] as NewDonation);
    const chosen = columns.filter((column) => column !== "id" && column !== "status");
    await sql`
      insert into donations (${sql.join(columns.map((column) => sql.ref(column)))}, known_since)
      select ${sql.join(columns.map((column) => sql.ref(`r.${column}`)))}, ${now}::timestamptz
      from json_populate_recordset(null::donations, ${JSON.stringify(some)}::json) as r
      on conflict (id) do update set
        ${sql.join(chosen.map((column) => sql`${sql.ref(column)} = ${sql.ref(`excluded.${column}`)}`))}
      where donations.origin <> 'checkout' and ${differs("donations", chosen)}
    `.execute(trx);
  }
}

/** Whether what stands in the table's row is another than what is to be written. */
function differs(table: keyof DB, columns: readonly string[]) {
  const list = (prefix: string) => sql.join(columns.map((column) => sql.ref(`${prefix}.${column}`)));
  return sql<boolean>`(${list(table)}) is distinct from (${list("excluded")})`;
}

async function updateDonations(trx: Transaction<DB>, derived: readonly Derived[]): Promise<void> {
  const values = derived.map(
    ({ id, donation: d }) =>
      sql`(${id}::uuid, ${d.status}::text, ${d.subscription_status}::text, ${d.donor_id}::uuid, ${d.stripe_session}::text,
        ${d.stripe_payment_intent}::text, ${d.stripe_subscription}::text, ${d.stripe_customer}::text, ${d.running_amount}::bigint, ${d.paused}::boolean)`,
  );
  await sql`
    update donations d
    set status = v.status, subscription_status = v.subscription_status, donor_id = v.donor_id, stripe_session = v.stripe_session,
      stripe_payment_intent = v.stripe_payment_intent, stripe_subscription = v.stripe_subscription, stripe_customer = v.stripe_customer,
      running_amount = v.running_amount, paused = v.paused
    from (values ${sql.join(values)}) as v
      (id, status, subscription_status, donor_id, stripe_session, stripe_payment_intent, stripe_subscription, stripe_customer, running_amount, paused)
    where d.id = v.id
      and (d.status, d.subscription_status, d.donor_id, d.stripe_session, d.stripe_payment_intent, d.stripe_subscription, d.stripe_customer,
        d.running_amount, d.paused)
        is distinct from
        (v.status, v.subscription_status, v.donor_id, v.stripe_session, v.stripe_payment_intent, v.stripe_subscription, v.stripe_customer,
        v.running_amount, v.paused)
  `.execute(trx);
}

async function removePayments(trx: Transaction<DB>, derived: readonly Derived[]): Promise<void> {
  await sql`
    delete from payments
    where donation_id = any(${derived.map((one) => one.id)}::uuid[])
      and id <> all(${derived.flatMap((one) => one.payments.map((payment) => payment.id))}::uuid[])
  `.execute(trx);
}

async function upsertPayments(trx: Transaction<DB>, rows: readonly PaymentRow[]): Promise<void> {
  await upsertChanged(trx, "payments", "id", rows);
}

async function writeMovements(trx: Transaction<DB>, derived: readonly Derived[]): Promise<void> {
  const rows = derived.flatMap((one) => one.movements);
  await sql`
    delete from payment_movements
    where donation_id = any(${derived.map((one) => one.id)}::uuid[])
      and balance_transaction_id <> all(${rows.map((row) => row.balance_transaction_id)}::text[])
  `.execute(trx);
  await upsertChanged(trx, "payment_movements", "balance_transaction_id", rows);
}

/** All rows have the same columns, as the function that derives them makes them. */
async function upsertChanged(
  trx: Transaction<DB>,
  table: "payments" | "payment_movements",
  key: string,
  rows: readonly object[],
): Promise<void> {
  const [first] = rows;
  if (first === undefined) return;
  const columns = Object.keys(first);
  const others = columns.filter((column) => column !== key);
  await sql`
    insert into ${sql.table(table)} (${sql.join(columns.map((column) => sql.ref(column)))})
    select ${sql.join(columns.map((column) => sql.ref(`r.${column}`)))}
    from json_populate_recordset(null::${sql.table(table)}, ${JSON.stringify(rows)}::json) as r
    on conflict (${sql.ref(key)}) do update set
      ${sql.join(others.map((column) => sql`${sql.ref(column)} = ${sql.ref(`excluded.${column}`)}`))}
    where ${differs(table, others)}
  `.execute(trx);
}
