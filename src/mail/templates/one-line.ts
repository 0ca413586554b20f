/** C0 and C1 controls, line separators, and what turns the direction of the text that follows it. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const NOT_ON_A_LINE = /[\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e]+/g;

const RIGHT_TO_LEFT = /[\p{Script=Arabic}\p{Script=Hebrew}\p{Script=Syriac}\p{Script=Thaana}\p{Script=Nko}]/u;
const LETTER = /\p{L}/u;

/** Text that can't leave its line: no header of a mail begins in it, whatever it was made of. */
export function oneLine(text: string): string {
  return text.replace(NOT_ON_A_LINE, " ").replace(/ {2,}/g, " ").trim();
}

/** A value on one line; where its script runs the other way than the text around it, it is isolated to stay whole. */
export function inDirection(value: string, direction: "ltr" | "rtl"): string {
  const text = oneLine(value);
  if (text.startsWith("\u2066")) return text;
  const foreign = [...text].some(
    (character) => LETTER.test(character) && RIGHT_TO_LEFT.test(character) === (direction === "ltr"),
  );
  return foreign ? `\u2068${text}\u2069` : text;
}
