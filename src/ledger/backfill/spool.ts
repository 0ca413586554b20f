import { createReadStream, createWriteStream, mkdtempSync, openSync, rmSync, type WriteStream } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";

/** Rows that a dry run would write: on disk, since there may be more of them than memory holds. */
export interface Spool {
  add(table: string, row: object): Promise<void>;
  /** All rows so far, the oldest first, in chunks of one table. */
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
    add: async (table, row) => {
      const line = `${table} ${JSON.stringify(row, inJson)}\n`;
      bytes += Buffer.byteLength(line);
      await write(out, line);
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
  let table = "";
  let rows: string[] = [];
  for await (const line of lines) {
    const space = line.indexOf(" ");
    const of = line.slice(0, space);
    if (of !== table || rows.length === CHUNK) {
      if (rows.length > 0) yield { table, rows };
      table = of;
      rows = [];
    }
    rows.push(line.slice(space + 1));
  }
  if (rows.length > 0) yield { table, rows };
}

/** As Postgres reads it: bytes as hex. */
function inJson(_key: string, value: unknown): unknown {
  const isBytes =
    typeof value === "object" && value !== null && "type" in value && value.type === "Buffer" && "data" in value;
  return isBytes ? `\\x${Buffer.from(value.data as number[]).toString("hex")}` : value;
}
