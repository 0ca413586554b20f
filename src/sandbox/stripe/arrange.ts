export type Order = "in_order" | "reverse" | "shuffle";

/** Each item `copies` times, in the given order; the same seed gives the same shuffle. */
export function arrange<T>(items: readonly T[], order: Order, seed: number, copies: number): T[] {
  const all = Array.from({ length: copies }, () => items).flat();
  if (order === "reverse") return all.reverse();
  return order === "shuffle" ? shuffle(all, seed) : all;
}

function shuffle<T>(items: T[], seed: number): T[] {
  const random = seededRandom(seed);
  for (let at = items.length - 1; at > 0; at -= 1) {
    const other = Math.floor(random() * (at + 1));
    const [a, b] = [items[at], items[other]];
    if (a === undefined || b === undefined) continue;
    items[at] = b;
    items[other] = a;
  }
  return items;
}

/** Mulberry32: small, even, and the same everywhere. */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
