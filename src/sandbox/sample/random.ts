/** Numbers that look random and are the same for the same seed, on every machine. */
export interface Random {
  /** From 0 to just below 1. */
  next(): number;
  /** A whole number from 0 to just below `below`, at most 2³². */
  int(below: number): number;
  chance(share: number): boolean;
  pick<T>(some: readonly T[]): T;
  weighted<T>(some: readonly Weighted<T>[]): T;
}

export type Weighted<T> = readonly [value: T, weight: number];

/** sfc32 (PractRand's author, public domain), stirred: streams of neighbouring seeds have nothing in common. */
export function randomOf(seed: number, stream: number, index: number): Random {
  let a = seed | 0;
  let b = Math.imul(stream, 0x9e3779b9) | 0;
  let c = index | 0;
  let counter = 1;
  const bits = (): number => {
    const sum = (((a + b) | 0) + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = ((c << 21) | (c >>> 11)) + sum;
    return sum >>> 0;
  };
  for (let round = 0; round < 12; round++) bits();
  const next = () => bits() / 2 ** 32;
  return {
    next,
    int: (below) => Math.floor(next() * below),
    chance: (share) => next() < share,
    pick: (some) => chosen(some[Math.floor(next() * some.length)]),
    weighted: (some) => {
      let left = next() * totalOf(some);
      for (const [value, weight] of some) {
        left -= weight;
        if (left < 0) return value;
      }
      return chosen(some.at(-1))[0];
    },
  };
}

const totals = new WeakMap<readonly Weighted<unknown>[], number>();

function totalOf(some: readonly Weighted<unknown>[]): number {
  let total = totals.get(some);
  if (total === undefined) {
    total = some.reduce((sum, [, weight]) => sum + weight, 0);
    totals.set(some, total);
  }
  return total;
}

function chosen<T>(value: T | undefined): T {
  if (value === undefined) throw new RangeError("There is nothing to choose from.");
  return value;
}
