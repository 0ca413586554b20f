import { type Kysely, sql } from "kysely";
import type { DB } from "../../src/db/schema.ts";

/** Does to the ledger what nobody may: as the tables' owner, past its trigger. */
export async function breakLedger(db: Kysely<DB>, statement: ReturnType<typeof sql>): Promise<void> {
  await db.transaction().execute(async (trx) => {
    await sql`grant update, delete on balance_transactions to current_user`.execute(trx);
    await sql`alter table balance_transactions disable trigger append_only`.execute(trx);
    await statement.execute(trx);
    await sql`alter table balance_transactions enable trigger append_only`.execute(trx);
    await sql`revoke update, delete on balance_transactions from current_user`.execute(trx);
  });
}
