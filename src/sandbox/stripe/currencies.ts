/**
 * What Stripe's documentation says of currencies, kept apart from the product's own table on purpose: a fault in one
 * of them shows as a difference. https://docs.stripe.com/currencies
 */
const ZERO_DECIMAL = new Set("bif clp djf gnf jpy kmf krw mga pyg rwf vnd vuv xaf xof xpf".split(" "));
const THREE_DECIMAL = new Set("bhd jod kwd omr tnd".split(" "));

/** Made-up rates, units of a currency for one US dollar, as decimals so that no float takes part in the sums. */
const PER_USD: Record<string, string> = {
  usd: "1",
  aed: "3.6725",
  afn: "70.1",
  all: "89.4",
  amd: "390.2",
  aud: "1.5321",
  azn: "1.7",
  bam: "1.8",
  bdt: "119.5",
  bgn: "1.8004",
  bhd: "0.376",
  bif: "2950",
  bob: "6.91",
  brl: "5.42",
  bwp: "13.4",
  byn: "3.27",
  cad: "1.3712",
  chf: "0.8803",
  clp: "945",
  cny: "7.18",
  cop: "4150",
  crc: "512",
  czk: "23.214",
  djf: "177.7",
  dkk: "6.8651",
  dop: "60.1",
  dzd: "134",
  egp: "48.6",
  etb: "118",
  eur: "0.9205",
  gbp: "0.7841",
  gel: "2.71",
  ghs: "15.6",
  gnf: "8620",
  gtq: "7.72",
  hkd: "7.7912",
  hnl: "24.9",
  huf: "362.5",
  idr: "15800",
  ils: "3.72",
  inr: "83.61",
  isk: "138.2",
  jmd: "157",
  jod: "0.709",
  jpy: "149.62",
  kes: "129",
  kgs: "86.5",
  khr: "4060",
  kmf: "453",
  krw: "1372",
  kwd: "0.3072",
  kzt: "482",
  lak: "21900",
  lbp: "89500",
  lkr: "293",
  mad: "9.85",
  mdl: "17.8",
  mga: "4550",
  mkd: "56.7",
  mmk: "2098",
  mnt: "3400",
  mur: "46",
  mxn: "18.42",
  myr: "4.41",
  ngn: "1640",
  nio: "36.8",
  nok: "10.9123",
  npr: "134",
  nzd: "1.6644",
  omr: "0.385",
  pen: "3.74",
  php: "57.9",
  pkr: "278",
  pln: "3.9511",
  pyg: "7800",
  qar: "3.64",
  ron: "4.5812",
  rsd: "107.8",
  rub: "97.4",
  rwf: "1350",
  sar: "3.751",
  sek: "10.5231",
  sgd: "1.3344",
  thb: "33.81",
  tjs: "10.7",
  tnd: "3.11",
  try: "34.2",
  twd: "32.1",
  tzs: "2720",
  uah: "41.3",
  ugx: "3670",
  uyu: "41.5",
  uzs: "12800",
  vnd: "25310",
  xaf: "604",
  xof: "604",
  xpf: "110",
  zar: "17.9",
  zmw: "26.8",
};

/** Minor units; from Stripe's table of minimum charges. A currency that isn't here needs the worth of 0.50 USD. */
const MINIMUM: Record<string, number> = {
  usd: 50,
  eur: 50,
  aud: 50,
  brl: 50,
  cad: 50,
  chf: 50,
  inr: 50,
  jpy: 50,
  nzd: 50,
  sgd: 50,
  gbp: 30,
  aed: 200,
  myr: 200,
  pln: 200,
  ron: 200,
  czk: 1500,
  dkk: 250,
  hkd: 400,
  huf: 17500,
  mxn: 1000,
  thb: 1000,
  nok: 300,
  sek: 300,
};

const RATE_SCALE = 12n;

export interface Fee {
  readonly amount: number;
  readonly description: string;
}

export function isCurrency(code: string): boolean {
  return Object.hasOwn(PER_USD, code);
}

export function currencyCodes(): string[] {
  return Object.keys(PER_USD);
}

/** Digits of Stripe's minor unit behind the point: 0, 2 or 3. ISK and UGX are sent with two although they have none. */
function exponentOf(currency: string): number {
  if (ZERO_DECIMAL.has(currency)) return 0;
  return THREE_DECIMAL.has(currency) ? 3 : 2;
}

export function minimumCharge(currency: string): number {
  return MINIMUM[currency] ?? convert(50, "usd", currency).amount;
}

/** `12.50 USD`, `1000 JPY`: for people to read. */
export function formatAmount(amount: number, currency: string): string {
  const exponent = exponentOf(currency);
  const digits = String(amount).padStart(exponent + 1, "0");
  const whole = digits.slice(0, digits.length - exponent).replace(/\B(?=(\d{3})+$)/g, " ");
  return `${exponent === 0 ? whole : `${whole}.${digits.slice(-exponent)}`} ${currency.toUpperCase()}`;
}

/** Minor units of another currency, rounded half up, and the rate between major units as Stripe states it. */
export function convert(amount: number, from: string, to: string): { amount: number; rate: number | null } {
  if (from === to) return { amount, rate: null };
  // The rate is cut to nine digits first, so that the stated one is exactly the one that was used.
  const rate = roundHalfUp(scaled(to) * 10n ** 9n, scaled(from));
  // The shift is made positive by 3, the largest difference of exponents.
  const shift = BigInt(exponentOf(to) - exponentOf(from) + 3);
  // Of the size alone, so that taking money back is the exact opposite of taking it.
  const converted = Number(roundHalfUp(BigInt(Math.abs(amount)) * rate * 10n ** shift, 10n ** 12n));
  return { amount: amount < 0 ? -converted : converted, rate: Number(rate) / 1e9 };
}

/**
 * Stripe's fee on a settled amount: 1.5 % + 0.25 EUR for a European card on a euro account, else 2.9 % + 0.30 of the
 * settlement currency's unit. https://stripe.com/pricing
 */
export function processingFee(settled: number, settlement: string, cardCountry: string | null): Fee {
  const european = settlement === "eur" && cardCountry !== null && EEA.has(cardCountry);
  const permille = european ? 15n : 29n;
  const fixed = european ? 25 : exponentOf(settlement) === 0 ? 0 : 30;
  return {
    amount: Number(roundHalfUp(BigInt(settled) * permille, 1000n)) + fixed,
    description: "Stripe processing fees",
  };
}

/** What Stripe keeps for handling a dispute, in the settlement currency. https://stripe.com/pricing */
export function disputeFee(settlement: string): Fee {
  const amount = DISPUTE_FEE[settlement] ?? convert(1500, "usd", settlement).amount;
  return { amount, description: "Dispute fee" };
}

const DISPUTE_FEE: Record<string, number> = { usd: 1500, cad: 1500, eur: 2000, gbp: 2000 };

const EEA = new Set(
  "AT BE BG HR CY CZ DK EE FI FR DE GR HU IS IE IT LV LI LT LU MT NL NO PL PT RO SK SI ES SE".split(" "),
);

function scaled(currency: string): bigint {
  const [whole = "0", fraction = ""] = (PER_USD[currency] ?? "1").split(".");
  return BigInt(whole + fraction.padEnd(Number(RATE_SCALE), "0"));
}

function roundHalfUp(numerator: bigint, denominator: bigint): bigint {
  return (numerator * 2n + denominator) / (denominator * 2n);
}
