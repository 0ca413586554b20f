import type { Vault } from "../vault/vault.ts";
import { deriveDonation, deriveForeignDonation } from "./derive-donation.ts";
import { derivePayments } from "./derive-payments.ts";
import { deriveMovements } from "./movements.ts";
import type { DerivedDonation, DonationGraph, MovementRow, NewDonation, PaymentRow } from "./types.ts";

export interface Derived {
  readonly id: string;
  /** The whole row where it is made from Stripe's metadata alone, else null. */
  readonly foreign: NewDonation | null;
  readonly donation: DerivedDonation;
  readonly payments: readonly PaymentRow[];
  readonly movements: readonly MovementRow[];
}

/**
 * A pure function of mirror and ledger rows: the same rows give the same donation and payments, whatever the order in which they came.
 * @returns null while Stripe has told too little to know the donation's amount
 */
export function derive(graph: DonationGraph, vault: Vault): Derived | null {
  const isOurs = graph.donation?.origin === "checkout";
  const foreign = isOurs ? null : deriveForeignDonation(graph, vault);
  const frequency = foreign?.frequency ?? graph.donation?.frequency;
  if (frequency === undefined) return null;
  const payments = derivePayments(graph, frequency);
  return {
    id: graph.id,
    foreign,
    donation: deriveDonation(graph, payments),
    payments,
    movements: deriveMovements(graph, payments),
  };
}
