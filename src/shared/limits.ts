/** The numbers that bound waiting and resources, in one place. Milliseconds unless the name says otherwise. */

/** Connections of each pool of one process; all of them together must stay below the server's max_connections. */
export const POOL_SIZE = { http: 10, work: 5, reports: 3 } as const;

/** SQLSTATE 40001 and 40P01 are retried this often, the first attempt not counted. */
export const TRANSACTION_RETRIES = 3;

/** One call to Stripe, and a whole checkout with its retries. */
export const STRIPE_CALL_TIMEOUT_MS = 8_000;
export const CHECKOUT_TIMEOUT_MS = 10_000;

/** The same attempt may be sent to Stripe again for this long: Stripe forgets idempotency keys after a day. */
export const CHECKOUT_RESUMABLE_MS = 23 * 60 * 60 * 1000;

/** From SIGTERM to the end of the last request and job. */
export const DRAIN_TIMEOUT_MS = 25_000;

/** Largest webhook body, and largest body of any other request, in bytes. */
export const WEBHOOK_BODY_LIMIT_BYTES = 1024 * 1024;
export const REQUEST_BODY_LIMIT_BYTES = 32 * 1024;

/** How far a webhook's signature may lie in the past or the future, in seconds. */
export const WEBHOOK_TOLERANCE_SECONDS = 300;

/** One statement of a report; and of an export, where the time counts in which the reader takes nothing. */
export const REPORT_STATEMENT_TIMEOUT_MS = 30_000;
export const EXPORT_STATEMENT_TIMEOUT_MS = 15 * 60_000;
