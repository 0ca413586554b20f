export interface RequestRecord {
  readonly method: string;
  readonly path: string;
  readonly idempotency_key: string | null;
  /** 0 where no answer was given. */
  readonly status: number;
}

const REMEMBERED = 5000;
const COUNTED = 20_000;

/** What was asked of the API: the latest requests, and how often each path was. */
export class RequestLog {
  readonly #latest: RequestRecord[] = [];
  readonly #counts = new Map<string, number>();

  add(record: RequestRecord): void {
    this.#latest.push(record);
    if (this.#latest.length > REMEMBERED) this.#latest.splice(0, REMEMBERED / 2);
    const key = `${record.method} ${record.path}`;
    this.#counts.set(key, (this.#counts.get(key) ?? 0) + 1);
    const [oldest] = this.#counts.size > COUNTED ? this.#counts.keys() : [];
    if (oldest !== undefined) this.#counts.delete(oldest);
  }

  count(method: string, path: string): number {
    return this.#counts.get(`${method} ${path}`) ?? 0;
  }

  list(): RequestRecord[] {
    return [...this.#latest];
  }
}
