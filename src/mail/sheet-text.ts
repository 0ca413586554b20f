import type { Sheet } from "./sheet.ts";
import type { Part } from "./templates/letter.ts";

const COLUMNS = 72;

/** The text part: what the HTML says, for a person to read; lines of 72 columns, addresses whole on lines of their own. */
export function sheetText(sheet: Sheet): string {
  const { masthead, heading, preheader, parts, why, unsubscribe, questions, reference, imprint } = sheet;
  const blocks = [
    // Lists of mails may show how the text begins: in the discreet style that says nothing.
    ...(masthead === null ? [wrapped(heading), wrapped(preheader)] : [wrapped(masthead), wrapped(heading)]),
    ...parts.map((part) => partText(part, sheet.language)),
    "—",
    wrapped(why),
    unsubscribe && `${wrapped(unsubscribe.text)}\n${unsubscribe.url}`,
    [questions, reference]
      .filter((line) => line !== null)
      .map(wrapped)
      .join("\n"),
    imprint.map(wrapped).join("\n"),
  ];
  return `${blocks.filter((block) => block !== null).join("\n\n")}\n`;
}

function partText(part: Part, language: string): string {
  switch (part.is) {
    case "text":
      return wrapped(part.text);
    case "facts":
      return part.facts.map(([name, value]) => wrapped(`${name}${colon(language)}${value}`)).join("\n");
    case "button":
      return `${wrapped(part.link.text)}\n${part.link.url}`;
    case "link":
      return `${wrapped(part.text ?? part.link.text)}\n${part.link.url}`;
    default:
      return part satisfies never;
  }
}

/** French sets a no-break space before it. */
function colon(language: string): string {
  return language.split("-")[0] === "fr" ? "\u00a0: " : ": ";
}

/** Broken at blanks alone; a word that is longer than a line stays whole. */
function wrapped(text: string): string {
  const lines: string[] = [];
  for (const word of text.split(/[ \t\n]+/).filter((word) => word !== "")) {
    const line = lines.at(-1);
    if (line !== undefined && width(line) + 1 + width(word) <= COLUMNS) lines[lines.length - 1] = `${line} ${word}`;
    else lines.push(word);
  }
  return lines.join("\n");
}

/** Characters as they are seen: marks that stand on others take no room. */
function width(text: string): number {
  return [...text].filter((character) => !/\p{M}|\p{Cf}/u.test(character)).length;
}
