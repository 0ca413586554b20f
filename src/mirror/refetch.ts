import { inTransaction } from "../db/transaction.ts";
import type { Deps } from "../deps.ts";
import { isMissing } from "../stripe/failures.ts";
import { mirrorContext } from "./kind.ts";
import { knownKind, mirrorKind } from "./kinds.ts";
import { claimRefetches, finishRefetch, PAYMENTS_OF_INVOICE, type Refetch } from "./refetch.queries.ts";
import { type Snapshot, storeSnapshots } from "./store.ts";

const BATCH = 20;
const invoicePaymentKind = knownKind("invoice_payment");

type RefetchDeps = Pick<Deps, "db" | "stripe" | "vault" | "newsroom" | "log">;

/** Fetches what one event could not settle, outside any transaction. @returns how many were due */
export async function refetchDue(deps: RefetchDeps): Promise<number> {
  const due = await claimRefetches(deps.db, BATCH);
  for (const refetch of due) await refetchOne(deps, refetch);
  return due.length;
}

/** A failure leaves the row where it is: it falls due again, later each time. */
async function refetchOne(deps: RefetchDeps, refetch: Refetch): Promise<void> {
  try {
    const snapshots = await fetchSnapshots(deps, refetch);
    await inTransaction(deps.db, async (trx) => {
      await storeSnapshots(trx, snapshots);
      await finishRefetch(trx, refetch);
    });
  } catch (error) {
    if (isMissing(error)) {
      await inTransaction(deps.db, (trx) => finishRefetch(trx, refetch));
      deps.log.warn({ object_id: refetch.object_id }, "Stripe no longer has an object that one of its events named");
      return;
    }
    deps.log.warn(
      { object_id: refetch.object_id, attempts: refetch.attempts, err: error },
      "an object could not be fetched again yet",
    );
  }
}

async function fetchSnapshots(deps: RefetchDeps, refetch: Refetch): Promise<readonly Snapshot[]> {
  if (refetch.kind === PAYMENTS_OF_INVOICE) {
    const id = refetch.object_id.slice(PAYMENTS_OF_INVOICE.length + 1);
    const of = id.startsWith("pi_")
      ? ({ payment: { type: "payment_intent", payment_intent: id } } as const)
      : { invoice: id };
    const { object, asOf } = await deps.stripe.fetch((api) => api.invoicePayments.list({ ...of, limit: 100 }));
    return object.data.map((payment) => ({
      kind: invoicePaymentKind,
      row: invoicePaymentKind.toRow(payment, asOf, mirrorContext(deps)),
    }));
  }
  const kind = mirrorKind(refetch.kind);
  if (kind === null) return [];
  const { object, asOf } = await deps.stripe.fetch((api) => kind.retrieve(api, refetch.object_id));
  return [{ kind, row: kind.toRow(object, asOf, mirrorContext(deps)) }];
}
