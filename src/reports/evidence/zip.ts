import { Zip, ZipDeflate } from "fflate";

export interface ArchiveFile {
  readonly name: string;
  readonly parts: AsyncIterable<string>;
}

/**
 * A ZIP of text files, piece by piece. The bytes depend on names, contents and the day alone, not on the machine: the compression is JavaScript, and
 * the day is stored as it is given, without a time zone.
 */
export async function* zipOf(
  files: AsyncIterable<ArchiveFile> | Iterable<ArchiveFile>,
  day: string,
): AsyncGenerator<Uint8Array> {
  let pieces: Uint8Array[] = [];
  let failure: Error | null = null;
  const zip = new Zip((error, piece) => {
    if (error !== null) failure = error;
    else pieces.push(piece);
  });
  const take = () => {
    if (failure !== null) throw failure;
    const taken = pieces;
    pieces = [];
    return taken;
  };
  for await (const { name, parts } of files) {
    const entry = new ZipDeflate(name, { level: 6 });
    entry.mtime = noon(day);
    zip.add(entry);
    for await (const part of parts) {
      entry.push(Buffer.from(part, "utf8"));
      yield* take();
    }
    entry.push(new Uint8Array(), true);
    yield* take();
  }
  zip.end();
  yield* take();
}

/** ZIP keeps local time, so the day is the same wherever it is written. */
function noon(day: string): Date {
  const [year = 0, month = 1, date = 1] = day.split("-").map(Number);
  return new Date(year, month - 1, date, 12);
}
