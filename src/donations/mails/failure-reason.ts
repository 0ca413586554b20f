import type { FailureReason } from "../../mail/kinds.ts";

/** Decline and failure codes by what a reader can do about them. https://docs.stripe.com/declines/codes and /error-codes */
const REASONS: readonly (readonly [FailureReason, string])[] = [
  ["card_expired", "expired_card"],
  ["insufficient_funds", "insufficient_funds withdrawal_count_limit_exceeded card_velocity_exceeded"],
  [
    "details_incorrect",
    "incorrect_cvc invalid_cvc incorrect_number invalid_number incorrect_zip incorrect_address invalid_expiry_month invalid_expiry_year incorrect_pin invalid_pin invalid_account",
  ],
  [
    "authentication_failed",
    "authentication_required authentication_not_handled payment_intent_authentication_failure mobile_device_authentication_required",
  ],
  [
    "bank_debit_failed",
    "debit_not_authorized account_closed no_account bank_account_unusable bank_account_restricted bank_account_declined bank_ownership_changed debit_disputed refer_to_customer recipient_deceased",
  ],
  ["card_declined", "card_declined generic_decline do_not_honor"],
];
const BY_CODE = new Map(REASONS.flatMap(([reason, codes]) => codes.split(" ").map((code) => [code, reason] as const)));
/** Says less than the method does. */
const VAGUE = new Set<FailureReason>(["card_declined"]);

/**
 * Why a payment failed, in as many ways as a reader can act on. @param codes Stripe's, the most telling first
 * @param method the kind of payment method: of what no code explains, a debit has bounced and a card was declined
 */
export function failureReason(
  codes: readonly (string | null | undefined)[],
  method: string | null | undefined,
): FailureReason {
  const known = codes.flatMap((code) => BY_CODE.get(code ?? "") ?? []);
  const telling = known.find((reason) => !VAGUE.has(reason));
  if (telling !== undefined) return telling;
  if (method === "card") return "card_declined";
  if (method?.endsWith("_debit") === true || method === "us_bank_account") return "bank_debit_failed";
  return known[0] ?? "other";
}
