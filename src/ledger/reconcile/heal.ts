import type { Transaction } from "kysely";
import type { DB } from "../../db/schema.ts";
import { inTransaction } from "../../db/transaction.ts";
import { markDonations } from "../../donations/stored.queries.ts";
import type { MirrorKindName } from "../../mirror/kind.ts";
import { knownKind } from "../../mirror/kinds.ts";
import { markDirty } from "../../mirror/store.queries.ts";
import { type Snapshot, storeSnapshots } from "../../mirror/store.ts";
import { pullLedger } from "../backfill/backfill.ts";
import { fetchNamed } from "../backfill/related.ts";
import { booksSink } from "../backfill/sink.ts";
import { fetchObject, snapshotsOf } from "../lists/snapshots.ts";
import { pullPayoutLines } from "../payout-lines.ts";
import { deriveMarked } from "./derive-marked.ts";
import { isLedgerAltered, type OpenDifference, openDifferences } from "./differences.queries.ts";
import { eventObjects, forgetPayoutLines, settleEvents } from "./heal.queries.ts";
import type { Look } from "./look.ts";
import { objectOfEvent } from "./object-of-event.ts";

const PAGE = 50;
const DAY_MS = 86_400_000;

/** Fetches what differs from Stripe and writes it through the same upserts as events; then all that it names, the ledger, and what follows. */
export async function heal(look: Look, began: string): Promise<void> {
  let after: string | null = null;
  let ledgerFrom: Date | null = null;
  const isAltered = await isLedgerAltered(look.deps.db);
  for (;;) {
    const page: readonly OpenDifference[] = await openDifferences(
      look.deps.db,
      { seen: "since", at: began },
      after,
      PAGE,
    );
    const last = page.at(-1);
    if (last === undefined) break;
    // From a ledger that was altered nothing is derived until it is restored.
    const curable = page.filter((one) => one.kind !== "derived_row" || !isAltered);
    const remedies = await Promise.all(curable.map((one) => remedyOf(look, one)));
    await inTransaction(look.deps.db, async (trx) => {
      await storeSnapshots(
        trx,
        remedies.flatMap((one) => one.snapshots ?? []),
      );
      for (const one of remedies) await one.also?.(trx);
    });
    for (const { ledgerFrom: from } of remedies) {
      if (from !== undefined && (ledgerFrom === null || from < ledgerFrom)) ledgerFrom = from;
    }
    after = last.id;
  }
  await fetchPartners(look);
  if (ledgerFrom !== null) await pullLedger(look.deps, look.caller, ledgerFrom);
  while ((await pullPayoutLines(look.deps)) > 0) {}
  await deriveMarked(look.deps);
}

interface Remedy {
  readonly snapshots?: readonly Snapshot[];
  /** What else is to be done in the transaction that stores them. */
  readonly also?: (trx: Transaction<DB>) => Promise<void>;
  readonly ledgerFrom?: Date;
}

async function remedyOf(look: Look, difference: OpenDifference): Promise<Remedy> {
  const { kind, object_id: id } = difference;
  switch (kind) {
    case "charge_missing":
    case "charge_differs":
    case "charge_unknown":
    case "charge_without_payment":
      return { snapshots: await ofCharge(look, id), also: (trx) => markDirty(trx, "charge", [id]) };
    case "payment_intent_missing":
    case "payment_intent_differs":
    case "payment_intent_unknown":
      return { snapshots: await ofIntent(look, id) };
    case "invoice_missing":
    case "invoice_differs":
    case "invoice_unknown":
    case "invoice_payment_missing":
      return { snapshots: [...(await fetched(look, "invoice", id)), ...(await paymentsOf(look, id))] };
    case "refund_missing":
    case "refund_differs":
    case "refund_unknown":
      return { snapshots: await fetched(look, "refund", id), also: (trx) => markDirty(trx, "refund", [id]) };
    case "dispute_missing":
    case "dispute_differs":
    case "dispute_unknown":
      return { snapshots: await fetched(look, "dispute", id), also: (trx) => markDirty(trx, "dispute", [id]) };
    case "subscription_missing":
    case "subscription_differs":
    case "subscription_unknown":
      return { snapshots: await fetched(look, "subscription", id) };
    case "payout_missing":
    case "payout_differs":
    case "payout_unknown":
      return { snapshots: await fetched(look, "payout", id) };
    case "refund_total":
      return { snapshots: await refundsOf(look, id), also: (trx) => markDirty(trx, "charge", [id]) };
    case "dispute_total":
      return { snapshots: await fetched(look, "dispute", id), ledgerFrom: dayBefore(difference) };
    case "payment_without_balance_transaction":
      return {
        snapshots: await ofCharge(look, id),
        ledgerFrom: dayBefore(difference),
        also: (trx) => markDirty(trx, "charge", [id]),
      };
    case "balance_transaction_missing":
      return { ledgerFrom: dayBefore(difference) };
    case "balance":
      return { ledgerFrom: new Date(0) };
    case "payout_total":
      await forgetPayoutLines(look.deps.db, [id]);
      return { ledgerFrom: new Date(+dayBefore(difference) - 14 * DAY_MS) };
    case "derived_row":
      return { also: (trx) => markDonations(trx, [id]) };
    case "donation_stuck": {
      const session = String(difference.ours?.session_id ?? "");
      return { snapshots: await fetched(look, "checkout.session", session) };
    }
    case "event_dead":
    case "event_waiting":
      return await ofEvent(look, id);
    // Nothing here changes the ledger's own rows, and what is marked is derived in any case.
    case "balance_transaction_differs":
    case "balance_transaction_unknown":
    case "derivation_overdue":
      return {};
  }
}

async function fetched(look: Look, kind: MirrorKindName, id: string): Promise<readonly Snapshot[]> {
  return (await fetchObject(look.deps, look.caller, knownKind(kind), id)) ?? [];
}

/** With what says whose it is. */
async function ofCharge(look: Look, id: string): Promise<readonly Snapshot[]> {
  const snapshots = await fetched(look, "charge", id);
  const intent = snapshots[0]?.row.payment_intent_id;
  return typeof intent === "string" ? [...snapshots, ...(await ofIntent(look, intent))] : snapshots;
}

async function ofIntent(look: Look, id: string): Promise<readonly Snapshot[]> {
  const { object, asOf } = await look.caller.call((api) =>
    api.checkout.sessions.list({ payment_intent: id, limit: 100 }),
  );
  return [...(await fetched(look, "payment_intent", id)), ...snapshotsOf(look.deps, object.data, asOf)];
}

async function paymentsOf(look: Look, invoice: string): Promise<readonly Snapshot[]> {
  const { object, asOf } = await look.caller.call((api) => api.invoicePayments.list({ invoice, limit: 100 }));
  return snapshotsOf(look.deps, object.data, asOf);
}

async function refundsOf(look: Look, charge: string): Promise<readonly Snapshot[]> {
  const { object, asOf } = await look.caller.call((api) => api.refunds.list({ charge, limit: 100 }));
  return [...(await fetched(look, "charge", charge)), ...snapshotsOf(look.deps, object.data, asOf)];
}

async function ofEvent(look: Look, id: string): Promise<Remedy> {
  const [event] = await eventObjects(look.deps.db, [id]);
  const kind = event === undefined ? null : objectOfEvent(event.type);
  if (event === undefined || kind === null) return {};
  const snapshots = await fetched(look, kind, event.object_id);
  // What Stripe no longer has may still be told by the event: it stays for somebody to look at.
  return snapshots.length === 0 ? {} : { snapshots, also: (trx) => settleEvents(trx, [id]) };
}

async function fetchPartners(look: Look): Promise<void> {
  const { deps, caller, stripeAt } = look;
  await fetchNamed({
    deps,
    caller,
    sink: await booksSink(deps, stripeAt),
    since: stripeAt,
    startedAt: stripeAt,
    seenAfter: stripeAt,
    seen: new Map(),
    tried: new Set(),
  });
}

/** Stripe books some movements before the object that they belong to says so. */
function dayBefore({ occurred_at }: OpenDifference): Date {
  return new Date(+(occurred_at ?? 0) - DAY_MS);
}
