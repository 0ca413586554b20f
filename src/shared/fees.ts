import { assertSafe, chargeStep } from "./money.ts";

/** What Stripe keeps of a payment: a percentage as a decimal string such as `2.9`, and a fixed part in minor units. */
export interface FeeSchedule {
  readonly percent: string;
  readonly fixed: number;
}

/**
 * What to charge, in minor units, so that after the fee the newsroom keeps at least what the donor chose: the smallest
 * chargeable amount that does. Integers throughout. Throws RangeError on a negative amount or a schedule that leaves
 * nothing.
 */
export function coverFees(chosen: number, schedule: FeeSchedule, currency: string): number {
  const { rate, scale } = ratio(schedule.percent);
  if (!Number.isSafeInteger(chosen) || chosen < 0) throw new RangeError("Expected an amount in whole minor units.");
  // total − total·rate/scale ≥ chosen + fixed, solved for the total and rounded up.
  const total = ceilDivide((BigInt(chosen) + BigInt(schedule.fixed)) * scale, scale - rate);
  const step = BigInt(chargeStep(currency));
  return assertSafe(ceilDivide(total, step) * step);
}

/** The fee on a payment in minor units, its percentage rounded up so that an estimate is never too low. */
export function feeOn(total: number, schedule: FeeSchedule): number {
  const { rate, scale } = ratio(schedule.percent);
  return assertSafe(ceilDivide(BigInt(total) * rate, scale) + BigInt(schedule.fixed));
}

/** `2.9` → 29 of 1000. */
function ratio(percent: string): { readonly rate: bigint; readonly scale: bigint } {
  const [, whole, decimals = ""] = /^(\d{1,2})(?:\.(\d{1,4}))?$/.exec(percent) ?? [];
  if (whole === undefined) throw new RangeError("Expected a percentage below 100 as a decimal string.");
  return { rate: BigInt(whole + decimals), scale: 100n * 10n ** BigInt(decimals.length) };
}

function ceilDivide(dividend: bigint, divisor: bigint): bigint {
  return (dividend + divisor - 1n) / divisor;
}
