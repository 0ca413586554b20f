/*
 * A spreadsheet runs a cell that begins like a formula, and article names come from readers: an apostrophe makes it text. The same inside a
 * cell behind a semicolon, a tab or a line end, where some spreadsheets begin a new one, and for a cell that begins with a tab or a carriage return.
 * https://owasp.org/www-community/attacks/CSV_Injection
 *
 * One rule in two tongues: Node writes the small files, Postgres the large ones. Both read the ranges below, so that neither leans on the
 * tables of Unicode that it came with.
 */

/** White space, controls, marks of direction, joiners, private use: what a reader doesn't see in front of a formula's sign. */
const INVISIBLE: readonly (readonly [first: number, last: number])[] = [
  [0x01, 0x20],
  [0x7f, 0xa0],
  [0xad, 0xad],
  [0x34f, 0x34f],
  [0x600, 0x605],
  [0x61c, 0x61c],
  [0x6dd, 0x6dd],
  [0x70f, 0x70f],
  [0x115f, 0x1160],
  [0x1680, 0x1680],
  [0x17b4, 0x17b5],
  [0x180b, 0x180f],
  [0x2000, 0x200f],
  [0x2028, 0x202f],
  [0x205f, 0x206f],
  [0x3000, 0x3000],
  [0x3164, 0x3164],
  [0xe000, 0xf8ff],
  [0xfe00, 0xfe0f],
  [0xfeff, 0xfeff],
  [0xffa0, 0xffa0],
  [0xfff0, 0xfffb],
  [0x1bca0, 0x1bca3],
  [0x1d173, 0x1d17a],
  [0xe0000, 0xe0fff],
  [0xf0000, 0x10fffd],
];

const escaped = (code: number) => `\\u{${code.toString(16)}}`;
const escapedForPostgres = (code: number) => `\\U${code.toString(16).padStart(8, "0")}`;

/** `=`, `+`, `-`, `@` and their wide forms, as in a bracket. */
const SIGNS = [0x2b, 0x2d, 0x3d, 0x40, 0xff0b, 0xff0d, 0xff1d, 0xff20];

function patterns(spell: (code: number) => string): { readonly inside: string; readonly atStart: string } {
  const invisible = INVISIBLE.map(([first, last]) => `${spell(first)}-${spell(last)}`).join("");
  const formula = `[${invisible}]*[${SIGNS.map(spell).join("")}]`;
  return { inside: `([;\\t\\r\\n])(?=${formula})`, atStart: `^(?=[\\t\\r]|${formula})` };
}

/** For `regexp_replace`: first `inside`, wherever it is found, then `atStart`. */
export const FORMULA_IN_POSTGRES = patterns(escapedForPostgres);
/** Numbers stay what they are, and so does what has no sign that means anything to a spreadsheet or to CSV. */
export const HARMLESS_IN_POSTGRES = "^(-?[0-9]+(\\.[0-9]+)?|[A-Za-z0-9/][A-Za-z0-9 _./:&?%#-]*)$";

const { inside, atStart } = patterns(escaped);
const INSIDE = new RegExp(inside, "gu");
const AT_START = new RegExp(atStart, "u");
const PLAIN_NUMBER = /^-?\d+(?:\.\d+)?$/;

export function harmless(text: string): string {
  return PLAIN_NUMBER.test(text) ? text : text.replace(INSIDE, "$1'").replace(AT_START, "'");
}
