import type { Transaction } from "kysely";
import type { DB } from "../db/schema.ts";
import { type Alert, raiseAlerts } from "./alerts.queries.ts";
import { MIRROR_KINDS, type MirrorKindName } from "./kind.ts";
import type { AnyKind, AnyRow } from "./kinds.ts";
import { unknownStates } from "./known-states.ts";
import { askAgain, askForInvoices, askForPayments } from "./refetch.queries.ts";
import { markDirty, storeRows } from "./store.queries.ts";

/** What one object was like at one moment. */
export interface Snapshot {
  readonly kind: AnyKind;
  readonly row: AnyRow;
}

/** Writes snapshots, marks what changed for derivation, and asks Stripe again about what two snapshots of one second disagree on. */
export async function storeSnapshots(trx: Transaction<DB>, snapshots: readonly Snapshot[]): Promise<void> {
  for (const name of MIRROR_KINDS) {
    const ofKind = snapshots.filter((snapshot) => snapshot.kind.name === name);
    const [first] = ofKind;
    if (first === undefined) continue;
    const rows = ofKind.map((snapshot) => snapshot.row);
    const { changed, undecided } = await storeRows(trx, first.kind, rows);
    await raiseAlerts(trx, alertsOf(name, rows));
    await markDirty(trx, name, changed);
    if (name === "invoice") await askForPayments(trx, changed);
    if (name === "payment_intent") await askForInvoices(trx, changed);
    await askAgain(trx, name, undecided, "two versions within one second");
  }
}

function alertsOf(name: MirrorKindName, rows: readonly AnyRow[]): readonly Alert[] {
  const unknown = unknownStates(name, rows).map((state) => ({ kind: "unknown_state" as const, ...state }));
  if (name !== "radar.early_fraud_warning") return unknown;
  const detail = "a bank warns of fraud: consider a refund before it becomes a dispute";
  const warnings = rows.map((row) => ({
    kind: "early_fraud_warning" as const,
    object_id: String(row.charge_id ?? row.id),
    detail,
  }));
  return [...unknown, ...warnings];
}
