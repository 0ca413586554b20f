/** Milliseconds at which that share of the sorted samples is reached. */
export function percentile(samples: readonly number[], share: number): number {
  const sorted = samples.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}

export interface Row {
  readonly job: string;
  readonly what: string;
  /** Null where the job isn't made of single requests. */
  readonly median_ms: number | null;
  readonly p99_ms: number | null;
  readonly per_second: number | null;
  /** Against the baseline of the same run. */
  readonly against: string | null;
}

export function row(
  job: string,
  what: string,
  samples: readonly number[],
  seconds: number | null,
  against: string | null = null,
): Row {
  return {
    job,
    what,
    median_ms: round(percentile(samples, 0.5)),
    p99_ms: round(percentile(samples, 0.99)),
    per_second: seconds === null ? null : Math.round(samples.length / seconds),
    against,
  };
}

export function round(value: number): number {
  return Math.round(value * 100) / 100;
}

export async function timed(work: () => Promise<unknown>): Promise<number> {
  const startedAt = performance.now();
  await work();
  return performance.now() - startedAt;
}
