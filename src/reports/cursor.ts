/** Where a list goes on: behind this row. Stripe's times are whole seconds, so a Date holds `booked_at` exactly. */
export interface Position {
  readonly booked_at: Date;
  readonly id: string;
}

const FORM = /^(\d{1,14}) ([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})$/;

export function encodeCursor({ booked_at, id }: Position): string {
  return Buffer.from(`${booked_at.getTime()} ${id}`).toString("base64url");
}

/** @returns null unless `encodeCursor` made it */
export function decodeCursor(cursor: string): Position | null {
  const [, time, id] = FORM.exec(Buffer.from(cursor, "base64url").toString("latin1")) ?? [];
  if (time === undefined || id === undefined) return null;
  const position = { booked_at: new Date(Number(time)), id };
  return encodeCursor(position) === cursor ? position : null;
}
