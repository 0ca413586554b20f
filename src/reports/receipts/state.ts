import type { Receipt } from "./receipt.queries.ts";

/** Whether a receipt still holds, by what the books say of its payment now: a refund that fails makes it good again. */
export type ReceiptState =
  | { readonly state: "valid"; readonly givenBack: number; readonly held: number }
  | { readonly state: "refunded" | "disputed"; readonly at: Date }
  | { readonly state: "withdrawn" };

export function stateOf(receipt: Receipt): ReceiptState {
  const { amount, refunded, disputed, lost, back_at } = receipt;
  if (refunded === null || disputed === null) return { state: "withdrawn" };
  const gone = refunded + (lost ? disputed : 0);
  if (gone >= amount && back_at !== null) return { state: disputed > 0 ? "disputed" : "refunded", at: back_at };
  return { state: "valid", givenBack: Math.min(amount, gone), held: lost ? 0 : Math.min(amount, disputed) };
}
