import { z } from "zod";

/** C0 and C1 controls, NUL among them: Postgres can't store it, and none has a place on one line of text. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const CONTROL = /[\u0000-\u001f\u007f-\u009f]/;

/** One line of text, trimmed; empty counts as absent. Half a surrogate pair is refused too: Postgres can't store it either. */
export function line(max: number) {
  return z
    .string()
    .max(max)
    .refine((text) => !CONTROL.test(text) && text.isWellFormed(), "Expected text without control characters.")
    .transform((text) => text.trim())
    .transform((text) => (text === "" ? undefined : text))
    .optional();
}

/** What stands in place of an e-mail address. */
const ADDRESS = "(address)";
const EMAIL = /[^\s@/?#&=:;,"'<>()]+(?:@|%40)[^\s@/?#&=:;,"'<>()]+\.[\p{L}\d-]{2,}/giu;

/** A `line` without e-mail addresses, which newsletters put into their links: who came from where is nobody's business. */
export function source(max: number) {
  return line(max).transform((text) => (text === undefined ? undefined : withoutEmail(text)));
}

function withoutEmail(text: string): string {
  return /@|%40/.test(text) ? text.replace(EMAIL, ADDRESS) : text;
}

/** An http(s) address without what may identify a reader: query, fragment and credentials are cut off, e-mail addresses masked. */
export function pageAddress(max: number) {
  return line(max)
    .refine(
      (text) => text === undefined || isWebAddress(text),
      "Expected an address that begins with http:// or https://.",
    )
    .transform((text) => (text === undefined ? undefined : withoutTrace(text)));
}

function isWebAddress(text: string): boolean {
  return URL.canParse(text) && ["http:", "https:"].includes(new URL(text).protocol);
}

function withoutTrace(text: string): string {
  const url = new URL(text);
  url.search = "";
  url.hash = "";
  url.username = "";
  url.password = "";
  return withoutEmail(url.href);
}
