/** One entry of a calendar, all day long. */
export interface CalendarEntry {
  /** Never the same for two entries. */
  readonly id: string;
  readonly madeAt: Date;
  /** As 2026-12-23. */
  readonly date: string;
  readonly title: string;
  readonly text: string;
  readonly url: string;
}

/** A calendar file (RFC 5545) with one entry that rings at nine in the morning. It names nobody. */
export function calendarFile(entry: CalendarEntry): string {
  const lines = [
    "BEGIN:VCALENDAR",
    "VERSION:2.0",
    "PRODID:-//Reader donations//Reminder//EN",
    "BEGIN:VEVENT",
    `UID:${entry.id}`,
    `DTSTAMP:${entry.madeAt.toISOString().replace(/[-:]|\.\d{3}/g, "")}`,
    `DTSTART;VALUE=DATE:${entry.date.replaceAll("-", "")}`,
    `SUMMARY:${escaped(entry.title)}`,
    `DESCRIPTION:${escaped(`${entry.text}\n${entry.url}`)}`,
    `URL:${entry.url}`,
    "CLASS:PRIVATE",
    "TRANSP:TRANSPARENT",
    "BEGIN:VALARM",
    "ACTION:DISPLAY",
    `DESCRIPTION:${escaped(entry.title)}`,
    "TRIGGER:PT9H",
    "END:VALARM",
    "END:VEVENT",
    "END:VCALENDAR",
  ];
  return lines.map((line) => `${folded(line)}\r\n`).join("");
}

function escaped(text: string): string {
  return text.replace(/[\\;,]/g, "\\$&").replace(/\r?\n/g, "\\n");
}

/** No line is longer than 75 octets, and none is cut within a character (section 3.1). */
function folded(line: string): string {
  const parts: string[] = [];
  let part = "";
  for (const character of line) {
    const limit = parts.length === 0 ? 75 : 74;
    if (Buffer.byteLength(part + character) > limit) {
      parts.push(part);
      part = "";
    }
    part += character;
  }
  return [...parts, part].join("\r\n ");
}
