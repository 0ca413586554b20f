/*
 * Ids of sample data: `ch_sample…`, `txn_sample…`. Stripe's own begin with random characters behind the prefix. Stripe has never seen
 * these, so whatever compares the books with Stripe leaves them out.
 */

/** For Postgres: `id !~ ${SAMPLE_ID}`. */
export const SAMPLE_ID = "^[a-z]+_sample";

/** How the name of the cursor begins that every database with sample data has. */
export const SAMPLE_CURSOR = "sample_data ";
