import { parseArgs } from "node:util";
import type { SampleProgress } from "../sandbox/sample/make.ts";
import { SetupError } from "../shared/errors.ts";
import type { CommandContext, Run } from "./command.ts";
import { depsOf } from "./command-deps.ts";

const USAGE = "Use: sample-data [--payments N] [--years N] [--seed N]";
const DEFAULTS = { payments: "2000", years: "3", seed: "1" } as const;
const EVERY_MS = 2_000;

/** `sample-data [--payments N] [--years N] [--seed N]`: made-up gifts of some years, for a look at the reports and for benchmarks. */
export function sampleDataCommand(args: readonly string[]): Run {
  const numbers = numbersOf(args);
  return async (context) => await make(context, numbers);
}

async function make(context: CommandContext, { payments, years, seed }: Numbers): Promise<void> {
  const { makeSampleData } = await import("../sandbox/sample/make.ts");
  const startedAt = performance.now();
  const deps = await depsOf(context);
  const { isNew, set, from } = await makeSampleData(deps, { payments, years, seed, onProgress: progressPrinter() });
  const period = `${from.toISOString().slice(0, 10)} to ${set.until.slice(0, 10)}`;
  if (!isNew) {
    console.log(`Nothing to do: the database holds this sample data, ${set.payments} payments from ${period}.`);
    return;
  }
  const seconds = (performance.now() - startedAt) / 1000;
  console.log(
    `${set.payments} payments that never were, from ${period} (seed ${set.seed}), in ${seconds.toFixed(1)} s: ${Math.round(set.payments / seconds)} a second.`,
  );
}

interface Numbers {
  readonly payments: number;
  readonly years: number;
  readonly seed: number;
}

function numbersOf(args: readonly string[]): Numbers {
  const text = { type: "string" } as const;
  try {
    const { values } = parseArgs({ args: [...args], options: { payments: text, years: text, seed: text } });
    const { payments, years, seed } = { ...DEFAULTS, ...values };
    return { payments: numberOf(payments), years: numberOf(years), seed: numberOf(seed) };
  } catch (error) {
    throw new SetupError([(error as Error).message, USAGE]);
  }
}

/** What isn't a number is refused with the limits of its option. */
function numberOf(text: string): number {
  return /^\d+(?:\.\d+)?$/.test(text) ? Number(text) : Number.NaN;
}

function progressPrinter(): (progress: SampleProgress) => void {
  const began = new Map<SampleProgress["phase"], { readonly at: number; readonly done: number }>();
  let toldAt = performance.now();
  return ({ phase, done, all }) => {
    const now = performance.now();
    const first = began.get(phase) ?? { at: now, done };
    began.set(phase, first);
    if (now - toldAt < EVERY_MS) return;
    toldAt = now;
    const perSecond = Math.round(((done - first.done) / (now - first.at)) * 1000);
    const what = phase === "loading" ? `Loaded ${done} of ${all} payments` : `Derived ${done} donations`;
    console.error(`${what}${Number.isFinite(perSecond) && perSecond > 0 ? `, ${perSecond} a second` : ""}.`);
  };
}
