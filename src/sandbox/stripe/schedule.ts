import { newId } from "./ids.ts";
import type { Store } from "./store.ts";
import type { TaskName, World } from "./world.ts";

/** Something that happens to `target` at a second of the stand-in's clock. */
export interface Due {
  readonly id: string;
  readonly at: number;
  readonly task: TaskName;
  readonly target: string;
}

export type Tasks = Readonly<Record<TaskName, (world: World, target: string) => void>>;

/** What is due, the earliest first; of one second, what was scheduled first. Kept in the store, so a restart forgets nothing. */
export class Schedule {
  readonly #store: Store;
  readonly #heap: { due: Due; turn: number }[] = [];
  #turn = 0;

  constructor(store: Store) {
    this.#store = store;
    for (const due of store.all("due")) this.#push(due);
  }

  add(at: number, task: TaskName, target: string): void {
    const due = { id: newId.due(), at, task, target };
    this.#store.put("due", due);
    this.#push(due);
  }

  /** When the next thing is due, in seconds. */
  next(): number | undefined {
    return this.#heap[0]?.due.at;
  }

  /** When the last thing of this kind is due, of those due at `until` or before. */
  lastOf(task: TaskName, until: number): number | undefined {
    const times = this.#heap.filter(({ due }) => due.task === task && due.at <= until).map(({ due }) => due.at);
    return times.length === 0 ? undefined : times.reduce((last, at) => Math.max(last, at));
  }

  /** Takes the next thing that is due at `until` or before; it is gone from the store with the commit of what it does. */
  take(until: number): Due | undefined {
    const top = this.#heap[0];
    if (top === undefined || top.due.at > until) return undefined;
    const last = this.#heap.pop();
    if (last !== undefined && this.#heap.length > 0) this.#sink(last);
    this.#store.delete("due", top.due.id);
    return top.due;
  }

  #push(due: Due): void {
    const entry = { due, turn: this.#turn++ };
    let at = this.#heap.push(entry) - 1;
    while (at > 0) {
      const above = (at - 1) >> 1;
      const parent = this.#heap[above];
      if (parent === undefined || !isBefore(entry, parent)) break;
      this.#heap[at] = parent;
      at = above;
    }
    this.#heap[at] = entry;
  }

  #sink(entry: { due: Due; turn: number }): void {
    let at = 0;
    for (;;) {
      const left = this.#heap[2 * at + 1];
      const right = this.#heap[2 * at + 2];
      const goesRight = left !== undefined && right !== undefined && isBefore(right, left);
      const child = goesRight ? right : left;
      if (child === undefined || !isBefore(child, entry)) break;
      this.#heap[at] = child;
      at = 2 * at + (goesRight ? 2 : 1);
    }
    this.#heap[at] = entry;
  }
}

function isBefore(a: { due: Due; turn: number }, b: { due: Due; turn: number }): boolean {
  return a.due.at < b.due.at || (a.due.at === b.due.at && a.turn < b.turn);
}
