import { z } from "zod";

export interface Page<Row> {
  readonly rows: readonly Row[];
  /** Send it back as `cursor` for the rows behind these; null when there are none. */
  readonly next_cursor: string | null;
}

/** The rows to show of `limit + 1` that were read, and where the list goes on. */
export function pageOf<Row>(
  found: readonly Row[],
  limit: number,
  position: (row: Row) => readonly unknown[],
): Page<Row> {
  const rows = found.slice(0, limit);
  const last = found.length > limit ? rows.at(-1) : undefined;
  return { rows, next_cursor: last === undefined ? null : encode(position(last)) };
}

/** A cursor of `pageOf` whose position has this form; all else is refused. Values are those of the last row that was shown. */
export function cursorOf<Schema extends z.ZodType>(position: Schema) {
  return z.string().transform((cursor, context): z.output<Schema> => {
    const parsed = position.safeParse(decode(cursor));
    if (parsed.success && encode(parsed.data as readonly unknown[]) === cursor) return parsed.data;
    context.addIssue({ code: "custom", message: "Expected a next_cursor from an earlier answer, unchanged." });
    return z.NEVER;
  });
}

function encode(position: readonly unknown[]): string {
  return Buffer.from(JSON.stringify(position)).toString("base64url");
}

function decode(cursor: string): unknown {
  try {
    return JSON.parse(Buffer.from(cursor, "base64url").toString("utf8"));
  } catch {
    return undefined;
  }
}
