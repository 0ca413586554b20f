import type { Deps } from "../../deps.ts";
import type { Vault } from "../../vault/vault.ts";
import { giftsOfCustomers, MOST_GIFTS, type ReadersGift } from "../gifts.queries.ts";
import {
  type CustomerRow,
  customersLike,
  latestMails,
  latestPayments,
  type PaymentRow,
  type SentMail,
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
}

/** @returns null when no such customer has given anything */
export async function findDonor(deps: Pick<Deps, "db">, customer: string): Promise<Donor | null> {
  const customers = await customersLike(deps.db, customer);
  if (customers.length === 0) return null;
  const all = await giftsOfCustomers(
    deps.db,
    customers.map(({ id }) => id),
  );
  const gifts = all.slice(0, MOST_GIFTS);
  const ids = gifts.map(({ id }) => id);
  const [payments, mails] = await Promise.all([latestPayments(deps.db, ids), latestMails(deps.db, ids)]);
  return { id: customer, customers, gifts, more: all.length > gifts.length, payments, mails };
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
