import { isLoopback } from "../../config/values.ts";
import { SetupError } from "../../shared/errors.ts";
import type { SampleDeps } from "./make.ts";
import { holdsOtherGifts, readSampleSet } from "./state.queries.ts";

const MOST_PAYMENTS = 10_000_000;
const MOST_YEARS = 10;
const LARGEST_SEED = 2 ** 31 - 1;

interface Wanted {
  readonly payments: number;
  readonly years: number;
  readonly seed: number;
}

/**
 * Made-up money must never stand beside real money: what was written can't be taken out again, since the ledger is append-only.
 * @throws SetupError that says what is in the way
 */
export async function assertSampleAllowed(deps: Pick<SampleDeps, "db" | "config">, wanted: Wanted): Promise<void> {
  assertWanted(wanted);
  if (deps.config.environment === "production") {
    throw new SetupError(["sample-data: never in production. Run it on a database of its own, with `npm start`."]);
  }
  const { secretKey, apiBase } = deps.config.stripe;
  if (secretKey !== null && (apiBase === null || !isLoopback(apiBase))) {
    throw new SetupError([
      "STRIPE_SECRET_KEY: is of a real Stripe account, whose books sample data would spoil. Unset it, or use another database.",
    ]);
  }
  if (await holdsOtherGifts(deps.db)) {
    throw new SetupError([
      "The database holds gifts that may be real, and sample data can't be taken out again. Use another database or DATA_DIR.",
    ]);
  }
  const held = await readSampleSet(deps.db);
  if (held === null) return;
  if (held.payments === wanted.payments && held.years === wanted.years && held.seed === wanted.seed) return;
  throw new SetupError([
    `The database holds sample data already (--payments ${held.payments} --years ${held.years} --seed ${held.seed}), and takes one set alone. Use another database or DATA_DIR.`,
  ]);
}

function assertWanted({ payments, years, seed }: Wanted): void {
  const faults = [
    Number.isSafeInteger(payments) && payments >= 1 && payments <= MOST_PAYMENTS
      ? null
      : `--payments: expected a whole number from 1 to ${MOST_PAYMENTS}.`,
    years >= 0.1 && years <= MOST_YEARS ? null : `--years: expected a number from 0.1 to ${MOST_YEARS}.`,
    Number.isSafeInteger(seed) && seed >= 0 && seed <= LARGEST_SEED
      ? null
      : `--seed: expected a whole number from 0 to ${LARGEST_SEED}.`,
  ].filter((fault) => fault !== null);
  if (faults.length > 0) throw new SetupError(faults);
}
