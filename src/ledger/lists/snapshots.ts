import type { Deps } from "../../deps.ts";
import { mirrorContext } from "../../mirror/kind.ts";
import { type AnyKind, mirrorKind } from "../../mirror/kinds.ts";
import type { Snapshot } from "../../mirror/store.ts";
import { isMissing } from "../../stripe/failures.ts";
import type { Stripe } from "../../stripe/types.ts";
import type { Caller } from "./caller.ts";
import type { Listed } from "./lists.ts";

/** Of a list's object that the mirror knows no kind of, nothing. */
export function snapshotsOf(
  deps: Pick<Deps, "vault" | "newsroom">,
  objects: readonly Listed[],
  asOf: Date,
): readonly Snapshot[] {
  return objects.flatMap((object) => {
    const kind = mirrorKind(object.object);
    return kind === null ? [] : [{ kind, row: kind.toRow(object, asOf, mirrorContext(deps)) }];
  });
}

/**
 * One object as it is now. What pays an invoice isn't told by a PaymentIntent, so with one that isn't known to be a gift its invoice
 * payments are asked for too. @returns null when Stripe no longer has it
 */
export async function fetchObject(
  deps: Pick<Deps, "vault" | "newsroom">,
  caller: Caller,
  kind: AnyKind,
  id: string,
): Promise<readonly Snapshot[] | null> {
  try {
    const { object, asOf } = await caller.call((api) => kind.retrieve(api, id));
    const row = kind.toRow(object, asOf, mirrorContext(deps));
    const payments =
      kind.name === "payment_intent" && row.donation_id === null ? await paymentsWith(deps, caller, id) : [];
    return [{ kind, row }, ...payments];
  } catch (error) {
    if (isMissing(error)) return null;
    throw error;
  }
}

async function paymentsWith(
  deps: Pick<Deps, "vault" | "newsroom">,
  caller: Caller,
  intent: string,
): Promise<readonly Snapshot[]> {
  const payment = { type: "payment_intent", payment_intent: intent } as const;
  const { object, asOf } = await caller.call((api: Stripe) => api.invoicePayments.list({ payment, limit: 100 }));
  return snapshotsOf(deps, object.data, asOf);
}
