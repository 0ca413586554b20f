import type { Stripe } from "../../stripe/types.ts";
import { formatAmount, minimumCharge } from "./currencies.ts";
import { liveCustomer } from "./customers.ts";
import { missing, notSimulated, parameterError, refusal } from "./errors.ts";
import { DAY } from "./periods.ts";
import { checkPriceData, type PriceData, type Recurring, recurringOf } from "./prices.ts";
import type { SentLineItem, SessionParams } from "./session-params.ts";
import type { World } from "./world.ts";

const SHORTEST = 30 * 60;
const LONGEST = DAY;
/** Stripe's limit of line items in a session of either mode that this service comes near. */
const MOST_LINES = 20;

/** A line item whose price is known to be usable: one that exists, or one that is still to be made. */
export interface CheckedLine {
  readonly price: Stripe.Price | undefined;
  readonly data: PriceData | undefined;
  readonly quantity: number;
  readonly unitAmount: number;
  readonly currency: string;
  readonly metadata: Record<string, string> | null | undefined;
}

export interface CheckedSession {
  readonly mode: "payment" | "subscription";
  readonly lines: readonly CheckedLine[];
  readonly currency: string;
  readonly total: number;
  readonly expiresAt: number;
}

/** Refuses what Stripe refuses beyond the form of single parameters. Makes nothing yet. */
export function checkSession(world: World, params: SessionParams): CheckedSession {
  const { mode } = params;
  if (mode === undefined) throw parameterError("parameter_missing", "Missing required param: mode.", "mode");
  if (mode === "setup") throw notSimulated("setup mode", "mode");
  if (params.ui_mode !== undefined && params.ui_mode !== "hosted_page")
    throw notSimulated(`ui_mode ${params.ui_mode}`, "ui_mode");
  if (params.success_url === undefined)
    throw parameterError("parameter_missing", "Missing required param: success_url.", "success_url");
  if (params.line_items === undefined || params.line_items.length === 0) {
    throw parameterError("parameter_missing", "Missing required param: line_items.", "line_items");
  }
  if (params.line_items.length > MOST_LINES)
    throw refusal(null, `You can have at most ${MOST_LINES} line items.`, "line_items");
  checkModeParams(mode, params);
  checkCustomer(world, params);
  const lines = params.line_items.map((line, index) => checkLine(world, line, `line_items[${index}]`));
  const currency = checkPrices(mode, lines, params.currency);
  const total = lines.reduce((sum, line) => sum + line.unitAmount * line.quantity, 0);
  checkTotal(total, currency);
  return { mode, lines, currency, total, expiresAt: checkExpiry(world, params.expires_at) };
}

function checkModeParams(mode: "payment" | "subscription", params: SessionParams): void {
  if (mode === "payment") {
    if (params.subscription_data !== undefined) throw wrongMode("subscription_data", mode);
    if (params.payment_method_collection !== undefined) throw wrongMode("payment_method_collection", mode);
    if (params.submit_type === "subscribe")
      throw refusal(null, "`submit_type` can only be `subscribe` in `subscription` mode.", "submit_type");
    if (params.payment_intent_data?.capture_method === "manual")
      throw notSimulated("manual capture", "payment_intent_data[capture_method]");
    if (params.payment_intent_data?.setup_future_usage !== undefined) {
      throw notSimulated("setup_future_usage", "payment_intent_data[setup_future_usage]");
    }
    return;
  }
  if (params.payment_intent_data !== undefined) throw wrongMode("payment_intent_data", mode);
  if (params.customer_creation !== undefined) {
    throw refusal(null, "`customer_creation` can only be used in `payment` mode.", "customer_creation");
  }
  if (params.submit_type !== undefined && params.submit_type !== "auto" && params.submit_type !== "subscribe") {
    throw wrongMode("submit_type", mode);
  }
}

function wrongMode(param: string, mode: string) {
  return refusal(null, `You can not pass \`${param}\` in \`${mode}\` mode.`, param);
}

function checkCustomer(world: World, params: SessionParams): void {
  if (params.customer === undefined) return;
  if (params.customer_email !== undefined || params.customer_creation !== undefined) {
    const other = params.customer_email === undefined ? "customer_creation" : "customer_email";
    throw parameterError(null, `You may only specify one of these parameters: customer, ${other}.`, "customer");
  }
  if (liveCustomer(world, params.customer) === undefined) throw missing("customer", params.customer, "customer");
}

function checkLine(world: World, line: SentLineItem, param: string): CheckedLine {
  const common = { quantity: line.quantity ?? 1, metadata: line.metadata };
  if (line.price !== undefined && line.price_data !== undefined) {
    throw parameterError(null, "You may only specify one of these parameters: price, price_data.", param);
  }
  if (line.quantity === undefined)
    throw parameterError("parameter_missing", `Missing required param: ${param}[quantity].`, `${param}[quantity]`);
  if (line.price_data !== undefined) {
    const data = line.price_data;
    checkPriceData(world, data, `${param}[price_data]`);
    return { ...common, price: undefined, data, unitAmount: data.unit_amount, currency: data.currency };
  }
  if (line.price === undefined)
    throw parameterError("parameter_missing", `Missing required param: ${param}[price].`, `${param}[price]`);
  const price = world.store.get("price", line.price);
  if (price === undefined) throw missing("price", line.price, `${param}[price]`);
  if (!price.active) {
    throw refusal(null, "The price specified is inactive. This field only accepts active prices.", `${param}[price]`);
  }
  return { ...common, price, data: undefined, unitAmount: price.unit_amount ?? 0, currency: price.currency };
}

function checkPrices(
  mode: "payment" | "subscription",
  lines: readonly CheckedLine[],
  wanted: string | undefined,
): string {
  const currency = lines[0]?.currency ?? "usd";
  const other = lines.find((line) => line.currency !== currency);
  if (other !== undefined) {
    throw refusal(
      null,
      `Your line items have different currencies: ${currency} and ${other.currency}. All must have the same currency.`,
      "line_items",
    );
  }
  if (wanted !== undefined && wanted !== currency) {
    throw refusal(null, `The prices of your line items are in ${currency}, not ${wanted}.`, "currency");
  }
  const rhythms = lines.map(
    (line) => (line.data === undefined ? line.price && recurringOf(line.price) : line.data.recurring) ?? null,
  );
  if (mode === "payment" && rhythms.some((rhythm) => rhythm !== null)) {
    throw refusal(
      null,
      "You specified `payment` mode but passed a recurring price. Either switch to `subscription` mode or use only one-time prices.",
      "line_items",
    );
  }
  if (mode === "subscription") checkRhythms(rhythms);
  return currency;
}

function checkRhythms(rhythms: readonly (Recurring | null)[]): void {
  const [first] = rhythms;
  if (rhythms.every((rhythm) => rhythm === null)) {
    throw refusal(
      null,
      "You must provide at least one recurring price in `subscription` mode when using prices.",
      "line_items",
    );
  }
  for (const rhythm of rhythms) {
    if (rhythm === null) throw notSimulated("one-time prices in subscription mode", "line_items");
    if (rhythm.interval !== first?.interval || rhythm.intervalCount !== first.intervalCount) {
      throw refusal(null, "Checkout does not support multiple prices with different billing intervals.", "line_items");
    }
  }
}

function checkTotal(total: number, currency: string): void {
  const least = minimumCharge(currency);
  if (total < least) {
    throw refusal(
      "amount_too_small",
      `The Checkout Session's total amount due must add up to at least ${formatAmount(least, currency)}`,
    );
  }
  if (total > 99_999_999) {
    throw refusal(
      "amount_too_large",
      `The Checkout Session's total amount must be no more than ${formatAmount(99_999_999, currency)}`,
    );
  }
}

function checkExpiry(world: World, sent: number | undefined): number {
  const now = world.now();
  if (sent === undefined) return now + LONGEST;
  if (sent < now + SHORTEST) {
    throw refusal(
      null,
      "The `expires_at` timestamp must be at least 30 minutes from Checkout Session creation.",
      "expires_at",
    );
  }
  if (sent > now + LONGEST) {
    throw refusal(
      null,
      "The `expires_at` timestamp must be less than 24 hours from Checkout Session creation.",
      "expires_at",
    );
  }
  return sent;
}
