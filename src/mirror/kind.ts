import type { Selectable } from "kysely";
import type { DB } from "../db/schema.ts";
import type { Deps } from "../deps.ts";
import type { Stripe } from "../stripe/types.ts";
import type { Vault } from "../vault/vault.ts";
import type { AdoptionRules } from "./adoption.ts";

/** The Stripe objects that the books are made of, in the order in which a transaction touches their tables. */
export const MIRROR_KINDS = [
  "customer",
  "checkout.session",
  "subscription",
  "invoice",
  "payment_intent",
  "charge",
  "invoice_payment",
  "refund",
  "dispute",
  "payout",
  "payment_method",
  "radar.early_fraud_warning",
] as const;

export type MirrorKindName = (typeof MIRROR_KINDS)[number];

export type MirrorTable = Extract<
  keyof DB,
  | "stripe_customers"
  | "stripe_sessions"
  | "stripe_subscriptions"
  | "stripe_invoices"
  | "stripe_payment_intents"
  | "stripe_charges"
  | "stripe_invoice_payments"
  | "stripe_refunds"
  | "stripe_disputes"
  | "stripe_payouts"
  | "stripe_payment_methods"
  | "stripe_early_fraud_warnings"
>;

/** The columns that every mirror table has. */
export interface MirrorRow {
  readonly id: string;
  /** When Stripe's object was known to be like this, by Stripe's clock. */
  readonly as_of: Date;
  /** How far along its life the object is; breaks ties of `as_of`. Zero where states can go back. */
  readonly rank: number;
  readonly deleted: boolean;
}

/** What reading an object takes besides the object. */
export interface MirrorContext {
  readonly vault: Vault;
  readonly adoption: AdoptionRules;
}

export function mirrorContext(deps: Pick<Deps, "vault" | "newsroom">): MirrorContext {
  return { vault: deps.vault, adoption: deps.newsroom().adoption };
}

/** How one kind of Stripe object becomes one row. */
export interface MirrorKind<Table extends MirrorTable = MirrorTable, Source = never> {
  readonly name: MirrorKindName;
  readonly table: Table;
  /** Columns that Stripe writes once: what is known stays known, whichever snapshot says it. */
  readonly links: readonly (keyof Selectable<DB[Table]> & string)[];
  /** Columns that may differ between equal snapshots: sealed values, whose bytes are random. */
  readonly sealed: readonly (keyof Selectable<DB[Table]> & string)[];
  readonly toRow: (object: Source, asOf: Date, context: MirrorContext) => Selectable<DB[Table]>;
  readonly retrieve: (api: Stripe, id: string) => Promise<Stripe.Response<Source>>;
}

/** Stripe's seconds as a Date. @throws RangeError for what no calendar holds */
export function instant(seconds: number): Date;
export function instant(seconds: number | null | undefined): Date | null;
export function instant(seconds: number | null | undefined): Date | null {
  if (seconds === null || seconds === undefined) return null;
  const date = new Date(seconds * 1000);
  if (Number.isNaN(+date)) throw new RangeError("Expected a time in whole seconds since 1970.");
  return date;
}

/** The id of what may be an id, an expanded object, or absent. */
export function idOf(value: string | { readonly id: string } | null | undefined): string | null {
  if (value === null || value === undefined) return null;
  return typeof value === "string" ? value : value.id;
}
