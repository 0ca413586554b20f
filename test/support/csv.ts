/** RFC 4180, read strictly: a fault in quoting throws. A record for each line behind the header. */
export function readCsv(text: string): Record<string, string>[] {
  const [header = [], ...rows] = readRecords(text, ",");
  return rows.map((row) => {
    if (row.length !== header.length) throw new Error(`A line has ${row.length} cells, the header ${header.length}.`);
    return Object.fromEntries(row.map((cell, index) => [header[index] ?? "", cell]));
  });
}

/** The cells of each line, ended by CR LF. */
export function readRecords(text: string, separator: "," | ";"): string[][] {
  const cellAt = new RegExp(`(?:"((?:[^"]|"")*)"|([^"${separator}\\r\\n]*))(${separator}|\\r\\n)`, "y");
  const records: string[][] = [];
  let record: string[] = [];
  while (cellAt.lastIndex < text.length) {
    const at = cellAt.lastIndex;
    const cell = cellAt.exec(text);
    if (cell === null) throw new Error(`No CSV at character ${at}.`);
    record.push(cell[1]?.replaceAll('""', '"') ?? cell[2] ?? "");
    if (cell[3] === "\r\n") {
      records.push(record);
      record = [];
    }
  }
  return records;
}
