import { isMissing } from "../../stripe/failures.ts";
import { CHECKS, type Check, findings, type OpenCheckout, OVERDUE, overdueCheckouts } from "./checks.queries.ts";
import type { Difference } from "./difference.ts";
import type { Look } from "./look.ts";

const PAGE = 500;
const SESSIONS_AT_ONCE = 20;

/** Marks that nobody has taken up, before they are taken up here. */
export async function checkMarks(look: Look): Promise<void> {
  await run(look, OVERDUE, look.since);
}

/** What the books say of themselves that can't be. `since` reaches back to the oldest difference that is still open. */
export async function checkBooksThemselves(look: Look, since: Date): Promise<void> {
  for (const check of CHECKS) await run(look, check, since);
}

async function run(look: Look, check: Check, since: Date): Promise<void> {
  let after = "";
  for (;;) {
    const found = await findings(look.deps.db, check, { since, stripeAt: look.stripeAt }, after, PAGE);
    const last = found.at(-1);
    if (last === undefined) return;
    const { kind, cause } = check;
    await look.note(found.map((one): Difference => ({ kind, cause, ...one, stripes: null })));
    after = last.object_id;
  }
}

/** Sessions that are over at Stripe while their donations still wait. */
export async function checkCheckouts(look: Look): Promise<void> {
  let after: string | null = null;
  for (;;) {
    const open: readonly OpenCheckout[] = await overdueCheckouts(look.deps.db, look.stripeAt, after, SESSIONS_AT_ONCE);
    const last = open.at(-1);
    if (last === undefined) return;
    await look.note((await Promise.all(open.map((one) => checkoutDifference(look, one)))).flat());
    after = last.donation_id;
  }
}

async function checkoutDifference(look: Look, open: OpenCheckout): Promise<readonly Difference[]> {
  try {
    const { object } = await look.caller.call((api) => api.checkout.sessions.retrieve(open.session_id));
    if (object.status === "open") return [];
    return [
      {
        kind: "donation_stuck",
        object_id: open.donation_id,
        occurred_at: new Date(object.created * 1000),
        ours: { status: open.status, session_id: open.session_id },
        stripes: { status: object.status, payment_status: object.payment_status },
        cause: "The session is over and the event of that has not arrived.",
      },
    ];
  } catch (error) {
    if (isMissing(error)) return [];
    throw error;
  }
}
