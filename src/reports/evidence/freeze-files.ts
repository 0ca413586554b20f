import { createHash } from "node:crypto";
import { insertFilePart } from "../close/closed.queries.ts";
import { EVIDENCE, type EvidenceFile, type EvidenceScope } from "./evidence.ts";

/** Postgres compresses each part by itself. */
const PART_CHARACTERS = 64 * 1024;

const SUMS = "SHA256SUMS";

/** Stores every file of a month's evidence, and `SHA256SUMS` as `sha256sum --check` reads it. @returns the SHA-256 of that file */
export async function freezeFiles(scope: EvidenceScope): Promise<string> {
  const sums: string[] = [];
  for (const file of EVIDENCE.toSorted((a, b) => (a.name < b.name ? -1 : 1))) {
    sums.push(`${await freezeFile(scope, file)}  ${file.name}\n`);
  }
  return await freezeFile(scope, { name: SUMS, write: () => asyncOf(sums) });
}

async function freezeFile(scope: EvidenceScope, { name, write }: EvidenceFile): Promise<string> {
  const hash = createHash("sha256");
  let part = 0;
  for await (const content of joined(write(scope))) {
    hash.update(content, "utf8");
    await insertFilePart(scope.trx, { month: scope.month, name, part, content });
    part += 1;
  }
  return hash.digest("hex");
}

/** Pieces as they come are small: together they compress better. An empty file has one empty part. */
async function* joined(pieces: AsyncIterable<string>): AsyncGenerator<string> {
  let text = "";
  let count = 0;
  for await (const piece of pieces) {
    text += piece;
    if (text.length < PART_CHARACTERS) continue;
    yield text;
    count += 1;
    text = "";
  }
  if (text !== "" || count === 0) yield text;
}

async function* asyncOf(pieces: readonly string[]): AsyncGenerator<string> {
  yield* pieces;
}
