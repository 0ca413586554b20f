import type { Stripe } from "../stripe/types.ts";
import { emailHash } from "../vault/email-hash.ts";
import { instant, type MirrorKind } from "./kind.ts";

type AnyCustomer = Stripe.Customer | Stripe.DeletedCustomer;

/** The donor as Stripe knows them. Address and name are sealed; of a deleted customer nothing is kept but the fact. */
export const customer: MirrorKind<"stripe_customers", AnyCustomer> = {
  name: "customer",
  table: "stripe_customers",
  links: ["created"],
  sealed: ["email_sealed", "name_sealed"],
  toRow: (object, asOf, { vault }) => {
    const row = { id: object.id, as_of: asOf, rank: 0 };
    if (object.deleted) return { ...row, ...NOTHING_PERSONAL, deleted: true, created: null };
    const email = object.email ?? null;
    const name = object.name ?? null;
    return {
      ...row,
      deleted: false,
      created: instant(object.created),
      email_hash: email === null ? null : emailHash(vault, email),
      email_sealed: email === null ? null : vault.seal(email, `stripe_customers.email_sealed:${object.id}`),
      name_sealed: name === null ? null : vault.seal(name, `stripe_customers.name_sealed:${object.id}`),
      details_hash: email === null && name === null ? null : vault.hash("customer", JSON.stringify([email, name])),
    };
  },
  retrieve: (api, id) => api.customers.retrieve(id),
};

const NOTHING_PERSONAL = { email_hash: null, email_sealed: null, name_sealed: null, details_hash: null };
