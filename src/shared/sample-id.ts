/*
 * Ids of sample data: `ch_sample…`, `txn_sample…`. Stripe's own begin with random characters behind the prefix. Stripe has never seen
 * these, so whatever compares the books with Stripe leaves them out.
 */

/** A regular expression for Postgres and for JavaScript. */
export const SAMPLE_ID = "^[a-z]+_sample";

const PATTERN = new RegExp(SAMPLE_ID);

export function isSampleId(id: string): boolean {
  return PATTERN.test(id);
}
