import { appendFileSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { z } from "zod";

const caughtMail = z.object({
  id: z.string(),
  received_at: z.string(),
  from: z.string(),
  /** Of the envelope: who would have got it. */
  to: z.array(z.string()),
  subject: z.string(),
  message_id: z.string().nullable(),
  idempotency_key: z.string().nullable(),
  headers: z.array(z.object({ name: z.string(), value: z.string() })),
  html: z.string(),
  text: z.string(),
  /** The addresses that the HTML leads to, in its order. */
  links: z.array(z.string()),
  /** How often it was sent again under its key, as after a crash. */
  repeats: z.number(),
});

export type CaughtMail = z.infer<typeof caughtMail>;

export interface Mailbox {
  /** Keeps a mail; one whose Idempotency-Key was seen before is only counted, as a provider would. */
  add(mail: Omit<CaughtMail, "repeats">): void;
  /** Newest first. @param to of this recipient alone; case makes no difference */
  list(to?: string): readonly CaughtMail[];
  get(id: string): CaughtMail | undefined;
  clear(): void;
}

/** More than anybody reads; older ones go. */
const KEPT = 1_000;

/** Caught mails, oldest first, kept in a file of JSON lines (only this account may read it) or, with null, in memory alone. */
export function openMailbox(file: string | null): Mailbox {
  let mails = file === null ? [] : read(file);
  let lines = mails.length;
  const rewrite = () => {
    if (file === null) return;
    const draft = `${file}.tmp`;
    writeFileSync(draft, mails.map(lineOf).join(""), { mode: 0o600 });
    renameSync(draft, file);
    lines = mails.length;
  };
  return {
    add: (mail) => {
      const known = mails.find(
        (each) => each.idempotency_key !== null && each.idempotency_key === mail.idempotency_key,
      );
      const kept: CaughtMail = known === undefined ? { ...mail, repeats: 0 } : { ...known, repeats: known.repeats + 1 };
      mails = known === undefined ? [...mails, kept].slice(-KEPT) : mails.map((each) => (each === known ? kept : each));
      lines += 1;
      if (file !== null && lines <= 2 * KEPT) appendFileSync(file, lineOf(kept), { mode: 0o600 });
      else rewrite();
    },
    list: (to) => {
      const wanted = to?.toLowerCase();
      const fits = (mail: CaughtMail) => wanted === undefined || mail.to.some((each) => each.toLowerCase() === wanted);
      return mails.filter(fits).reverse();
    },
    get: (id) => mails.find((mail) => mail.id === id),
    clear: () => {
      mails = [];
      rewrite();
    },
  };
}

function lineOf(mail: CaughtMail): string {
  return `${JSON.stringify(mail)}\n`;
}

/** A later line of a mail stands for it; a line that was cut off by a crash is left out. */
function read(file: string): CaughtMail[] {
  const byId = new Map<string, CaughtMail>();
  for (const line of contentOf(file).split("\n")) {
    const mail = caughtMail.safeParse(jsonOf(line)).data;
    if (mail !== undefined) byId.set(mail.id, mail);
  }
  return [...byId.values()].slice(-KEPT);
}

function contentOf(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return "";
  }
}

function jsonOf(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return null;
  }
}
