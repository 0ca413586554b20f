import {
  closeSync,
  existsSync,
  fchmodSync,
  fsyncSync,
  ftruncateSync,
  openSync,
  readSync,
  renameSync,
  writeSync,
} from "node:fs";
import { SetupError } from "../../shared/errors.ts";
import type { Kind } from "./store.ts";

/** A new version of an object, or `[kind, null, id]` for one that was deleted. */
export type JournalEntry = [kind: Kind, object: { id: string } | null, deleted?: string];

const CHUNK_BYTES = 1 << 20;
const ENTRIES_PER_LINE = 200;

/**
 * The state file: one line of JSON for each commit, appended before the answer goes out. Written data outlives the
 * process (kill -9 included); the sandbox doesn't pay for an fsync at each commit to outlive the machine's power.
 */
export class Journal {
  readonly #path: string;
  #file: number | null = null;

  constructor(path: string) {
    this.#path = path;
  }

  /** Reads every whole line; what a crash left of a last one is cut off. */
  load(apply: (entry: JournalEntry) => void): void {
    if (!existsSync(this.#path)) return;
    const file = openSync(this.#path, "r+");
    let number = 0;
    try {
      const whole = readLines(file, (line) => {
        number += 1;
        for (const entry of this.#parse(line, number)) apply(entry);
      });
      ftruncateSync(file, whole);
    } finally {
      closeSync(file);
    }
  }

  #parse(line: string, number: number): JournalEntry[] {
    const entries = parseLine(line);
    if (entries !== null) return entries;
    throw new SetupError([
      `${this.#path} is damaged: the simulated Stripe can't read line ${number}. Restore it, or remove the whole DATA_DIR to begin anew.`,
    ]);
  }

  /** Replaces the file by one that holds the latest version of each object only, and opens it for appending. */
  compact(entries: Iterable<JournalEntry>): void {
    const draft = `${this.#path}.tmp`;
    const file = openSync(draft, "w", 0o600);
    fchmodSync(file, 0o600);
    let line: JournalEntry[] = [];
    const flush = () => {
      if (line.length > 0) writeSync(file, `${JSON.stringify(line)}\n`);
      line = [];
    };
    for (const entry of entries) {
      if (line.push(entry) === ENTRIES_PER_LINE) flush();
    }
    flush();
    fsyncSync(file);
    closeSync(file);
    renameSync(draft, this.#path);
    this.#file = openSync(this.#path, "a", 0o600);
  }

  append(entries: readonly JournalEntry[]): void {
    if (this.#file === null) throw new Error("The simulated Stripe's state file is closed.");
    const bytes = Buffer.from(`${JSON.stringify(entries)}\n`);
    // A short write is possible on a full disk; the rest must follow before anything else is appended.
    for (let written = 0; written < bytes.length; ) written += writeSync(this.#file, bytes, written);
  }

  close(): void {
    if (this.#file !== null) closeSync(this.#file);
    this.#file = null;
  }
}

function parseLine(line: string): JournalEntry[] | null {
  try {
    const entries: unknown = JSON.parse(line);
    return Array.isArray(entries) && entries.every(isEntry) ? entries : null;
  } catch {
    return null;
  }
}

function isEntry(entry: unknown): entry is JournalEntry {
  if (!Array.isArray(entry)) return false;
  const [kind, object, deleted]: unknown[] = entry;
  if (typeof kind !== "string") return false;
  if (object === null) return typeof deleted === "string";
  return typeof object === "object" && "id" in object && typeof object.id === "string";
}

/** Calls `onLine` for each line that is whole, and gives the number of bytes up to the end of the last one. */
function readLines(file: number, onLine: (line: string) => void): number {
  const chunk = Buffer.alloc(CHUNK_BYTES);
  let rest: Buffer[] = [];
  let whole = 0;
  for (let read = readSync(file, chunk); read > 0; read = readSync(file, chunk)) {
    let from = 0;
    for (let end = chunk.indexOf(10, from); end >= 0 && end < read; end = chunk.indexOf(10, from)) {
      const bytes = Buffer.concat([...rest, chunk.subarray(from, end)]);
      onLine(bytes.toString("utf8"));
      whole += bytes.length + 1;
      rest = [];
      from = end + 1;
    }
    if (from < read) rest.push(Buffer.from(chunk.subarray(from, read)));
  }
  return whole;
}
