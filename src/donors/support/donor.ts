import type { Deps } from "../../deps.ts";
import type { Vault } from "../../vault/vault.ts";
import { giftsOfCustomers, MOST_GIFTS, type ReadersGift } from "../gifts.queries.ts";
import {
  type CustomerRow,
  customersLike,
  latestMails,
  latestPayments,
  latestReceipts,
  type PaymentRow,
  type SentMail,
  type StatementRow,
  statementYears,
} from "./donor.queries.ts";

/** A donor as support staff see them, without the address and the name: these are opened when that has been written down. */
export interface Donor {
  /** The customer at Stripe by whom the donor was looked up; it stays the same when the address is corrected. */
  readonly id: string;
  readonly customers: readonly CustomerRow[];
  readonly gifts: readonly ReadersGift[];
  /** Whether there are more gifts than are shown. */
  readonly more: boolean;
  readonly payments: readonly PaymentRow[];
  readonly mails: readonly SentMail[];
  /** Numbers of the latest ones. */
  readonly receipts: readonly string[];
  readonly statements: readonly StatementRow[];
}

/** @returns null when no such customer has given anything */
export async function findDonor(
  { db, newsroom }: Pick<Deps, "db" | "newsroom">,
  customer: string,
): Promise<Donor | null> {
  const customers = await customersLike(db, customer);
  if (customers.length === 0) return null;
  const own = customers.map(({ id }) => id);
  const all = await giftsOfCustomers(db, own);
  const gifts = all.slice(0, MOST_GIFTS);
  const ids = gifts.map(({ id }) => id);
  const [payments, mails, receipts, statements] = await Promise.all([
    latestPayments(db, ids),
    latestMails(db, ids),
    latestReceipts(db, own),
    statementYears(db, own, newsroom().time_zone),
  ]);
  return { id: customer, customers, gifts, more: all.length > gifts.length, payments, mails, receipts, statements };
}

/** All addresses and names of a donor, each once. */
export function openNames(
  vault: Pick<Vault, "open">,
  { customers }: Pick<Donor, "customers">,
): { readonly addresses: readonly string[]; readonly names: readonly string[] } {
  const open = (column: "email_sealed" | "name_sealed") =>
    customers.flatMap((each) => {
      const sealed = each[column];
      return sealed === null ? [] : [vault.open(sealed, `stripe_customers.${column}:${each.id}`)];
    });
  return { addresses: [...new Set(open("email_sealed"))], names: [...new Set(open("name_sealed"))] };
}
