interface Due {
  readonly at: number;
  readonly order: number;
  readonly run: () => void;
}

/** What is to happen, the earliest first; of one second, what was planned first. */
export interface Queue {
  push(at: number, run: () => void): void;
  /** Takes out the next one that is due by then. */
  pop(until: number): { readonly at: number; readonly run: () => void } | undefined;
}

/** A binary heap. Times are in seconds. */
export function createQueue(): Queue {
  const heap: Due[] = [];
  let order = 0;
  const isBefore = (one: Due, other: Due) => one.at < other.at || (one.at === other.at && one.order < other.order);

  return {
    push: (at, run) => {
      const due = { at, order: order++, run };
      let index = heap.length;
      while (index > 0) {
        const above = (index - 1) >> 1;
        const parent = heap[above] as Due;
        if (isBefore(parent, due)) break;
        heap[index] = parent;
        index = above;
      }
      heap[index] = due;
    },
    pop: (until) => {
      const first = heap[0];
      if (first === undefined || first.at > until) return undefined;
      const last = heap.pop() as Due;
      if (heap.length > 0) sink(last);
      return first;
    },
  };

  function sink(due: Due): void {
    let index = 0;
    for (;;) {
      let below = 2 * index + 1;
      if (below >= heap.length) break;
      const right = heap[below + 1];
      if (right !== undefined && isBefore(right, heap[below] as Due)) below += 1;
      const child = heap[below] as Due;
      if (isBefore(due, child)) break;
      heap[index] = child;
      index = below;
    }
    heap[index] = due;
  }
}
