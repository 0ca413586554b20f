/** The numbers that bound waiting and resources, in one place. Milliseconds unless the name says otherwise. */

/** Connections of each pool of one process; all of them together must stay below the server's max_connections. */
export const POOL_SIZE = { http: 10, work: 5, jobs: 3, reports: 3, limiter: 3 } as const;

/** SQLSTATE 40001 and 40P01 are retried this often, the first attempt not counted. */
export const TRANSACTION_RETRIES = 3;

/** One call to Stripe, and a whole checkout with its retries. */
export const STRIPE_CALL_TIMEOUT_MS = 8_000;
export const CHECKOUT_TIMEOUT_MS = 10_000;

/** The same attempt may be sent to Stripe again for this long: Stripe forgets idempotency keys after a day. */
export const CHECKOUT_RESUMABLE_MS = 23 * 60 * 60 * 1000;

/** Jobs that one process does at once, and how often it looks for new ones. */
export const JOBS_AT_ONCE = 4;
export const JOBS_POLL_MS = 1_000;

/** A server that says nothing for this long, and the whole of one mail: shorter than the drain, and than the lease. */
export const SMTP_TIMEOUT_MS = 10_000;
export const SMTP_DEADLINE_MS = 20_000;

/** How long a mail belongs to the worker that sends it; after that somebody else sends it. */
export const MAIL_LEASE_MS = 40_000;

/** With the growing pauses between them, some sixteen hours. */
export const MAIL_ATTEMPTS = 12;

/** Trouble of the mail server's own costs no attempt: it is waited for this long, with pauses that grow from the one to the other. */
export const MAIL_OUTAGE_MS = 5 * 24 * 60 * 60 * 1000;
export const MAIL_OUTAGE_PAUSE_MS = { first: 5_000, longest: 15 * 60 * 1000 } as const;

/** From SIGTERM to the end of the last request and job. */
export const DRAIN_TIMEOUT_MS = 25_000;

/** Largest webhook body, and largest body of any other request, in bytes. */
export const WEBHOOK_BODY_LIMIT_BYTES = 1024 * 1024;
export const REQUEST_BODY_LIMIT_BYTES = 32 * 1024;

/** How far a webhook's signature may lie in the past or the future, in seconds. */
export const WEBHOOK_TOLERANCE_SECONDS = 300;

/** A counter of requests that doesn't answer for this long isn't waited for. */
export const LIMITER_TIMEOUT_MS = 300;

export interface RateLimit {
  /** So many in that time; the one after is turned away. */
  readonly points: number;
  readonly seconds: number;
  /** The limit is lower by anything below this, another number for each address and day. */
  readonly spread?: number;
  /** Each process counts for itself: for what is cheaper than a row would be. */
  readonly local?: boolean;
}

/**
 * How often a client (an IPv4 address, an IPv6 network) or an e-mail address may do what costs more than a look. Many readers share the
 * address of an office, a mobile network or an exit of Tor, so a client's limits are wide.
 */
export const RATE_LIMITS = {
  checkout_client: { points: 300, seconds: 600 },
  reminder_client: { points: 120, seconds: 600 },
  widget_view_client: { points: 3000, seconds: 600, local: true },
  donor_link_client: { points: 30, seconds: 600 },
  staff_sign_in_client: { points: 60, seconds: 600 },
  reminder_address: { points: 16, seconds: 86_400, spread: 8 },
} as const satisfies Readonly<Record<string, RateLimit>>;

/** An address isn't asked to confirm a second time before so many days, nor more often than so in a longer time. */
export const CONFIRM_MAIL_DAYS = 3;
export const CONFIRM_MAILS = { most: 3, days: 90 } as const;

/** Whoever said no to that question isn't asked again, by anybody's request, for so many days. */
export const REFUSED_DAYS = 365;

/** A cancel waits this long for a mail that is just going out, to tell the reader what became of it. */
export const CANCEL_PATIENCE_MS = 10_000;

/** One statement of a report; and of an export, where the time counts in which the reader takes nothing. */
export const REPORT_STATEMENT_TIMEOUT_MS = 30_000;
export const EXPORT_STATEMENT_TIMEOUT_MS = 15 * 60_000;

/** How long a mailed link signs in, and how many of them go to one address in an hour. By the wall clock, as are the sessions. */
export const SIGN_IN_LINK_MS = 15 * 60_000;
export const SIGN_IN_LINKS_AN_HOUR = 10;

/** A browser is signed out after this long without a request, and after this long in any case. */
export const SESSION_IDLE_MS = 12 * 3_600_000;
export const SESSION_LONGEST_MS = 7 * 86_400_000;
