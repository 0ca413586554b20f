import { randomBytes } from "node:crypto";

const ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
const POOL_BYTES = 8192;

let pool = Buffer.alloc(0);
let used = 0;

/** Random characters of base 62, drawn from a pool: one call to the system for some hundred ids. */
function random(length: number): string {
  let text = "";
  while (text.length < length) {
    if (used >= pool.length) {
      pool = randomBytes(POOL_BYTES);
      used = 0;
    }
    // 248 is the largest multiple of 62 in a byte: leaving the rest out keeps every character equally likely.
    const byte = pool[used++] ?? 255;
    if (byte < 248) text += ALPHABET.charAt(byte % 62);
  }
  return text;
}

const long = (prefix: string) => () => prefix + random(23);
const short = (prefix: string) => () => prefix + random(14);

/** Makes ids that look like Stripe's: same prefix, same length. */
export const newId = {
  session: () => `cs_test_a1${random(58)}`,
  lineItem: long("li_1"),
  customer: short("cus_"),
  product: short("prod_"),
  price: long("price_1"),
  paymentMethod: long("pm_1"),
  paymentIntent: long("pi_3"),
  charge: long("ch_3"),
  /** Charges of methods other than cards. */
  payment: long("py_3"),
  balanceTransaction: long("txn_3"),
  refund: long("re_3"),
  /** Refunds of methods other than cards. */
  paymentRefund: long("pyr_1"),
  dispute: long("du_1"),
  payout: long("po_1"),
  mandate: long("mandate_1"),
  earlyFraudWarning: long("issfr_1"),
  subscription: long("sub_1"),
  subscriptionItem: short("si_"),
  invoice: long("in_1"),
  invoiceLine: long("il_1"),
  invoicePayment: long("inpay_1"),
  event: long("evt_1"),
  request: short("req_"),
  portalConfiguration: long("bpc_1"),
  portalSession: long("bps_1"),
  due: long("due_"),
  secret: (of: string) => `${of}_secret_${random(25)}`,
  recovery: () => `live_${random(40)}`,
  fingerprint: () => random(16),
  invoicePrefix: () => random(8).toUpperCase(),
  idempotencyKey: () => crypto.randomUUID(),
} as const;
