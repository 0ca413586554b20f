import { createWriteStream } from "node:fs";
import { open, rename, rm } from "node:fs/promises";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { parseArgs } from "node:util";
import { recordAudit } from "../audit/record.queries.ts";
import { loadNewsroom } from "../newsroom.ts";
import { alteredSince } from "../reports/close/altered.ts";
import { type Closed, CloseRefused, closeMonth } from "../reports/close/close.ts";
import { closedMonths } from "../reports/close/closed.queries.ts";
import { isMonth } from "../reports/close/months.ts";
import { evidenceZip } from "../reports/evidence/archive.ts";
import { SetupError } from "../shared/errors.ts";
import { formatDecimal } from "../shared/money.ts";
import type { Period } from "../shared/period.ts";
import { audited } from "./audited.ts";
import type { CommandContext, Run } from "./command.ts";
import { vaultOf } from "./command-deps.ts";

const USAGE = "Use: close YYYY-MM [--signed-by NAME] [--reason TEXT] [--evidence FILE.zip]";

/** Who closed a month when nobody signed. */
const UNSIGNED = "the command line";

/**
 * `close 2026-10` freezes a month's figures. What stands against that is named, and passed over only with `--signed-by` and `--reason`. With
 * `--evidence FILE.zip` it writes the auditor's archive, also of a month that is closed already.
 */
export function closeCommand(args: readonly string[]): Run {
  const asked = read(args);
  return async (context) => await close(context, asked);
}

async function close(context: CommandContext, { month, signedBy, reason, evidence }: Asked): Promise<void> {
  if (evidence !== undefined) await assertWritable(evidence);
  const isClosed = (await closedMonths(context.db)).some((one) => one.month === month);
  if (isClosed && signedBy !== undefined) {
    throw new SetupError([`${month} is closed already: leave --signed-by and --reason out to get its evidence.`]);
  }
  if (!isClosed || evidence === undefined) {
    const newsroom = loadNewsroom(context.settings.config.newsroomConfig);
    const own = { db: context.db, now: context.settings.now, newsroom: () => newsroom, vault: await vaultOf(context) };
    const deps = { ...own, altered: (month: string, period: Period) => alteredSince(own, month, period) };
    const signature = { by: signedBy ?? UNSIGNED, reason: reason ?? null };
    const entry = { action: "month_closed", subject: month, detail: { signed: signedBy !== undefined } } as const;
    const close = () => audited(context, entry, () => closeMonth(deps, month, signature), figuresOf);
    print(await refusedAsWords(close));
  }
  if (evidence !== undefined) {
    await recordAudit(context.db, { actor: { kind: "command_line" }, action: "export", subject: `evidence ${month}` });
    await writeFile(evidence, evidenceZip(context.db, month));
    console.log(`The evidence of ${month} is in ${evidence}.`);
  }
}

interface Asked {
  readonly month: string;
  readonly signedBy: string | undefined;
  readonly reason: string | undefined;
  readonly evidence: string | undefined;
}

function read(args: readonly string[]): Asked {
  const options = {
    "signed-by": { type: "string" },
    reason: { type: "string" },
    evidence: { type: "string" },
  } as const;
  const { values, positionals } = parsed(() => parseArgs({ args: [...args], options, allowPositionals: true }));
  const [month, ...more] = positionals;
  const faults = [
    ...(month !== undefined && isMonth(month) && more.length === 0 ? [] : ["Expected one month as YYYY-MM."]),
    ...(values["signed-by"]?.trim() === "" ? ["--signed-by: expected a name."] : []),
    ...(values.reason?.trim() === "" ? ["--reason: expected a sentence."] : []),
    ...(values.reason !== undefined && values["signed-by"] === undefined
      ? ["--reason: say with --signed-by whose it is."]
      : []),
    ...(values.evidence?.trim() === "" ? ["--evidence: expected the name of a file."] : []),
  ];
  if (month === undefined || faults.length > 0) throw new SetupError([...faults, USAGE]);
  return { month, signedBy: values["signed-by"]?.trim(), reason: values.reason?.trim(), evidence: values.evidence };
}

function parsed<Result>(parse: () => Result): Result {
  try {
    return parse();
  } catch (error) {
    throw new SetupError([(error as Error).message, USAGE]);
  }
}

async function refusedAsWords<Result>(close: () => Promise<Result>): Promise<Result> {
  try {
    return await close();
  } catch (error) {
    if (!(error instanceof CloseRefused)) throw error;
    const signable = error.obstacles.every((one) => one.signable);
    throw new SetupError([
      "The month was not closed.",
      ...error.obstacles.map((one) => one.message),
      ...(signable ? ["To close it all the same: --signed-by NAME --reason TEXT. Both are kept."] : []),
    ]);
  }
}

function figuresOf({ receipts }: Closed) {
  return { receipts };
}

function print(closed: Closed): void {
  const { month, summary, receipts } = closed;
  for (const row of summary) {
    const what = row.correction_of === null ? row.frequency : `${row.frequency}, correction of ${row.correction_of}`;
    console.log(`${row.currency}  ${what}: ${row.payments} payments, net ${formatDecimal(row.net, row.currency)}`);
  }
  console.log(`${month.month} is closed by ${month.closed_by}. Receipts: ${receipts}. SHA-256 of the evidence:`);
  console.log(month.sha256);
}

/** A month can't be opened again: what is wrong with the file's name is said before it is closed. */
async function assertWritable(path: string): Promise<void> {
  await writing(path, async (unfinished) => {
    const file = await open(unfinished, "w");
    await file.close();
    await rm(unfinished);
  });
}

async function writeFile(path: string, content: AsyncIterable<Uint8Array>): Promise<void> {
  await writing(path, async (unfinished) => {
    await pipeline(Readable.from(content), createWriteStream(unfinished));
    await rename(unfinished, path);
  });
}

/** Under another name until it is whole. */
async function writing(path: string, write: (unfinished: string) => Promise<void>): Promise<void> {
  const unfinished = `${path}.unfinished`;
  try {
    await write(unfinished);
  } catch (error) {
    await rm(unfinished, { force: true });
    const { code, syscall } = error as NodeJS.ErrnoException;
    if (syscall === undefined) throw error;
    throw new SetupError([`--evidence: the file can't be written (${code}). Name one in a folder that exists.`]);
  }
}
