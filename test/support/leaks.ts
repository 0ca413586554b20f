import { createHash } from "node:crypto";
import { type Kysely, sql } from "kysely";
import type { DB } from "../../src/db/schema.ts";

/** A place where nothing personal may stand, and all that stands there. */
export interface Place {
  readonly name: string;
  readonly content: string;
}

/** Every table of the database, and what the server shows of its sessions, each as text and with its bytes in several readings. */
export async function dumpDatabase(db: Kysely<DB>): Promise<Place[]> {
  const { rows: tables } = await sql<{ schema: string; name: string }>`
    select table_schema as schema, table_name as name from information_schema.tables
    where table_schema not in ('pg_catalog', 'information_schema') and table_type = 'BASE TABLE'
  `.execute(db);
  const places: Place[] = [];
  for (const { schema, name } of tables) {
    const { rows } = await sql<{
      row: string;
    }>`select to_jsonb(t)::text as row from ${sql.table(`${schema}.${name}`)} as t`.execute(db);
    places.push({ name: `${schema}.${name}`, content: rows.map(({ row }) => withBytes(row)).join("\n") });
  }
  const { rows: sessions } = await sql<{
    query: string;
  }>`select query from pg_stat_activity where datname = current_database()`.execute(db);
  places.push({ name: "pg_stat_activity", content: sessions.map(({ query }) => query).join("\n") });
  return places;
}

function withBytes(row: string): string {
  const readings = [...row.matchAll(/\\\\x((?:[0-9a-f]{2})+)/g)].flatMap(([, hex = ""]) => {
    const bytes = Buffer.from(hex, "hex");
    return [bytes.toString("utf8"), bytes.toString("latin1"), bytes.toString("utf16le")];
  });
  return [row, ...readings].join("\n");
}

/** `marker in place (how)` for each marker that stands somewhere, as it is or in a spelling that anybody could undo or guess. */
export function findLeaks(places: readonly Place[], markers: Readonly<Record<string, string>>): string[] {
  const found: string[] = [];
  const searched = places.map(({ name, content }) => ({ name, exact: content, folded: content.toLowerCase() }));
  for (const [marker, value] of Object.entries(markers)) {
    for (const { how, text, folds } of spellings(value)) {
      for (const { name, exact, folded } of searched) {
        if (folds ? folded.includes(text.toLowerCase()) : exact.includes(text))
          found.push(`${marker} in ${name} (${how})`);
      }
    }
  }
  return found;
}

interface Spelling {
  readonly how: string;
  readonly text: string;
  /** Whether case makes no difference. */
  readonly folds: boolean;
}

function spellings(value: string): Spelling[] {
  const plain = [
    value,
    encodeURIComponent(value),
    encodeURI(value),
    new URLSearchParams({ a: value }).toString().slice(2),
    JSON.stringify(value).slice(1, -1),
    value.split("").reverse().join(""),
  ];
  return [
    ...unique(plain).map((text) => ({ how: "text", text, folds: true })),
    { how: "hex", text: Buffer.from(value).toString("hex"), folds: true },
    ...unique([value, value.toLowerCase()]).flatMap((each) =>
      unique(base64s(each)).map((text) => ({ how: "base64", text, folds: false })),
    ),
    ...unique([value, value.toLowerCase(), value.toUpperCase()]).flatMap(hashes),
  ];
}

/** What a longer text's base64 holds of it, wherever it begins. */
function base64s(value: string): string[] {
  return [0, 1, 2].flatMap((before) => {
    const bytes = Buffer.concat([Buffer.alloc(before), Buffer.from(value)]);
    const whole = bytes.subarray(before === 0 ? 0 : 3, bytes.length - (bytes.length % 3));
    if (whole.length < 6) throw new RangeError("A marker must be longer, or its base64 stands anywhere by chance.");
    return [whole.toString("base64"), whole.toString("base64url")];
  });
}

/** A hash without a key is no secret for whoever can guess what was hashed. */
function hashes(value: string): Spelling[] {
  return ["md5", "sha1", "sha256", "sha512"].flatMap((algorithm) =>
    (["hex", "base64", "base64url"] as const).map((encoding) => ({
      how: `${algorithm} in ${encoding}`,
      text: createHash(algorithm).update(value).digest(encoding),
      folds: encoding === "hex",
    })),
  );
}

function unique(texts: readonly string[]): string[] {
  return [...new Set(texts)];
}
