import fc from "fast-check";
import { sql } from "kysely";
import { afterAll, beforeAll, expect, test } from "vitest";
import { HARMLESS_IN_POSTGRES, harmless } from "../../src/reports/formula-cells.ts";
import { harmlessInPostgres } from "../../src/reports/payments-csv.queries.ts";
import { type TestDatabase, testDatabase } from "../support/database.ts";

/** Node writes the small files and Postgres the large ones: both must mean the same by a formula. */

let database: TestDatabase;
beforeAll(async () => {
  database = await testDatabase();
});
afterAll(() => database.drop());

/** Text in which the characters that matter are frequent. */
const nasty = fc
  .array(fc.constantFrom(..."=+-@;\t\r\n ,\"'aЯ日5.\u00a0\u200b\u202e\ufeff\u2066＝＋\u{1f600}\ue000\u{e0041}"), {
    maxLength: 8,
  })
  .map((letters) => letters.join(""));

test("Postgres makes a cell harmless as Node does", async () => {
  const texts = fc.sample(nasty, 20_000);
  const { rows } = await sql<{ text: string; made: string; plain: boolean }>`
    select text, ${harmlessInPostgres(sql.ref("text"))} as made, text ~ ${HARMLESS_IN_POSTGRES} as plain
    from unnest(${texts}::text[]) as text
  `.execute(database.db);
  expect(rows).toHaveLength(texts.length);
  for (const { text, made, plain } of rows) {
    if (plain) {
      expect(harmless(text), JSON.stringify(text)).toBe(text);
      expect(text).not.toMatch(/[",\r\n]/);
    } else if (!/^-?\d+(?:\.\d+)?$/.test(text)) {
      expect(made, JSON.stringify(text)).toBe(harmless(text));
    }
  }
  expect(rows.filter((row) => row.made !== row.text).length).toBeGreaterThan(5_000);
});

test.each(["=1", "+1+1", "-1+1", "@x", "\t=1", "\tx", "\rx", "\u200b=1", "\u202e=1", "＝1", " \u00a0=1"])(
  "%j begins with an apostrophe",
  (text) => {
    expect(harmless(text)).toMatch(/^'/);
  },
);

test.each(["plain", "-5", "-0.45", "a=b", "Зима-2026", "Ü-Wagen", "日本-2026", "reader@example.org", ""])(
  "%j stays as it is",
  (text) => {
    expect(harmless(text)).toBe(text);
  },
);
