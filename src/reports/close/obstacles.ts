import type { Kysely } from "kysely";
import type { DB } from "../../db/schema.ts";
import { formatInstant } from "../../shared/calendar-text.ts";
import type { Period } from "../../shared/period.ts";
import type { ClosedMonth } from "./closed.queries.ts";
import { firstDay, monthIn, nextMonth } from "./months.ts";
import { comparisonOf, countOpenBefore, firstMoney } from "./obstacles.queries.ts";

/** Why a month should not be closed. */
export interface Obstacle {
  readonly code:
    | "month_closed"
    | "month_not_over"
    | "month_out_of_turn"
    | "time_zone_changed"
    | "earlier_month_open"
    | "not_compared"
    | "books_altered"
    | "differs";
  readonly message: string;
  /** Whether somebody may sign for it. */
  readonly signable: boolean;
}

interface Wanted {
  readonly month: string;
  readonly period: Period;
  readonly timeZone: string;
  readonly now: Date;
  readonly closed: readonly ClosedMonth[];
}

/**
 * Everything that stands against closing a month. Months are closed one after the other without a gap, from whichever is the first; that one
 * wants a signature when money of gifts lies before it.
 */
export async function obstacles(db: Kysely<DB>, wanted: Wanted): Promise<readonly Obstacle[]> {
  const order = outOfTurn(wanted);
  if (order !== null) return [order];
  return [...(await earlierMoney(db, wanted)), ...(await notCompared(db, wanted)), ...(await differences(db, wanted))];
}

/** What no signature helps against. */
function outOfTurn({ month, period, timeZone, now, closed }: Wanted): Obstacle | null {
  const same = closed.find((one) => one.month === month);
  if (same !== undefined) {
    const when = formatInstant(same.closed_at.toISOString(), "en", same.time_zone);
    return firm(
      "month_closed",
      `${month} is closed already, by ${same.closed_by} on ${when}. What is closed stays as it is.`,
    );
  }
  if (now < period.end) {
    return firm("month_not_over", `${month} is not over in ${timeZone}. It can be closed from ${period.to} on.`);
  }
  const last = closed.at(-1);
  if (last === undefined) return null;
  const next = nextMonth(last.month);
  if (month < next) {
    return firm("month_out_of_turn", `Closing began with ${closed[0]?.month}; what lies before it stays open.`);
  }
  if (month > next) return firm("month_out_of_turn", `Months are closed in their order: close ${next} first.`);
  if (last.time_zone !== timeZone) {
    return firm(
      "time_zone_changed",
      `${last.month} was closed in the time zone ${last.time_zone}, and time_zone is ${timeZone} now: hours would lie in both months or in none. Set it back.`,
    );
  }
  return null;
}

async function earlierMoney(db: Kysely<DB>, { month, timeZone, closed }: Wanted): Promise<readonly Obstacle[]> {
  const first = closed.length > 0 ? null : await firstMoney(db);
  if (first === null || monthIn(first, timeZone) >= month) return [];
  const message = `Money was booked from ${monthIn(first, timeZone)} on, and no month is closed yet. Begin with that one, or sign for leaving all before ${month} open for good.`;
  return [{ code: "earlier_month_open", message, signable: true }];
}

async function notCompared(db: Kysely<DB>, { month, period }: Wanted): Promise<readonly Obstacle[]> {
  if ((await comparisonOf(db, period)) !== null) return [];
  const message = `No comparison with Stripe has looked at all of ${month} since it ended. Run \`npm run donations -- reconcile --since ${firstDay(month)}\`.`;
  return [{ code: "not_compared", message, signable: true }];
}

async function differences(db: Kysely<DB>, { month, period }: Wanted): Promise<readonly Obstacle[]> {
  const open = await countOpenBefore(db, period.end);
  if (open === 0) return [];
  const message = `The books differ from Stripe in ${open} ${open === 1 ? "place" : "places"} in ${month} or before: see /v1/reports/reconciliation. \`npm run donations -- reconcile --since ${firstDay(month)} --fix\` heals what can be healed.`;
  return [{ code: "differs", message, signable: true }];
}

function firm(code: Obstacle["code"], message: string): Obstacle {
  return { code, message, signable: false };
}
