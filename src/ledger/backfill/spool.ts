import { createReadStream, createWriteStream, mkdtempSync, openSync, rmSync, type WriteStream } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";

/** Rows that a dry run would write: on disk, since there may be more of them than memory holds. */
export interface Spool {
  add(table: string, rows: readonly object[]): Promise<void>;
  /** All rows so far in chunks of one table, those of each table in the order in which they were added. */
  chunks(): AsyncIterable<{ readonly table: string; readonly rows: readonly string[] }>;
  close(): void;
}

const CHUNK = 500;

/**
 * A file that only this account can read. The rows are as the database keeps them: what names a person is sealed. It loses its name as soon as
 * it is open, so nothing is left whatever ends the run.
 */
export function openSpool(): Spool {
  const folder = mkdtempSync(join(tmpdir(), "reader-donations-dry-run-"));
  const path = join(folder, "rows");
  const file = openSync(path, "wx+", 0o600);
  const out = createWriteStream("", { fd: file, autoClose: false });
  rmSync(folder, { recursive: true, force: true });
  let bytes = 0;
  return {
    add: async (table, rows) => {
      if (rows.length === 0) return;
      const lines = rows.map((row) => `${table} ${JSON.stringify(row, inJson)}\n`).join("");
      bytes += Buffer.byteLength(lines);
      await write(out, lines);
    },
    chunks: () => readChunks(file, bytes),
    close: () => out.destroy(),
  };
}

function write(out: WriteStream, line: string): Promise<void> {
  return new Promise((resolve, reject) => out.write(line, (error) => (error ? reject(error) : resolve())));
}

async function* readChunks(file: number, bytes: number) {
  if (bytes === 0) return;
  const lines = createInterface({
    input: createReadStream("", { fd: file, autoClose: false, start: 0, end: bytes - 1 }),
    crlfDelay: Number.POSITIVE_INFINITY,
  });
  const waiting = new Map<string, string[]>();
  for await (const line of lines) {
    const space = line.indexOf(" ");
    const table = line.slice(0, space);
    const rows = waiting.get(table) ?? [];
    rows.push(line.slice(space + 1));
    if (rows.length < CHUNK) waiting.set(table, rows);
    else {
      waiting.delete(table);
      yield { table, rows };
    }
  }
  for (const [table, rows] of waiting) yield { table, rows };
}

/** As Postgres reads it: bytes as hex. */
function inJson(_key: string, value: unknown): unknown {
  const isBytes =
    typeof value === "object" && value !== null && "type" in value && value.type === "Buffer" && "data" in value;
  return isBytes ? `\\x${Buffer.from(value.data as number[]).toString("hex")}` : value;
}
