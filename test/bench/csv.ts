import { type ChildProcess, fork } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { get, type IncomingMessage } from "node:http";
import { sql } from "kysely";
import { encodeCursor, type Position } from "../../src/reports/cursor.ts";
import { paymentsPage } from "../../src/reports/payments.ts";
import { parsePeriod } from "../../src/shared/period.ts";
import { createToken } from "../../src/staff/tokens.ts";
import { insertManyPayments } from "./many-payments.ts";
import { type Row, row, timed } from "./measure.ts";
import type { Stage } from "./stage.ts";

const PAYMENTS = 2_000_000;
const EVER = "from=2023-01-01&to=2027-01-01";
const NO_FILTERS = {
  ...{ status: undefined, frequency: undefined, currency: undefined, country: undefined },
  ...{ campaign: undefined, article_id: undefined, placement: undefined },
};
const JOB = `${PAYMENTS / 1_000_000},000,000 payments`;

/** The lists and files of finance staff over two million payments. */
export async function csvRows(stage: Stage): Promise<readonly Row[]> {
  await insertManyPayments(stage.deps.db, PAYMENTS, stage.deps.newsroom().time_zone);
  const token = await createToken(stage.deps.db, { role: "finance" });
  return [...(await pages(stage, token)), ...(await reports(stage, token)), ...(await files(stage, token))];
}

async function pages(stage: Stage, token: string): Promise<readonly Row[]> {
  const { rows: depths } = await sql<Position>`
    select booked_at, id from (select booked_at, id, row_number() over (order by booked_at desc, id desc) as n from payments) as p
    where n % ${PAYMENTS / 40} = 0
  `.execute(stage.deps.db);
  const aim = "aim: at most 5 ms";
  const found = [
    row(
      JOB,
      "a page of 100, at forty depths, without HTTP",
      await atDepths(depths, (depth) => page(stage, depth)),
      null,
      aim,
    ),
  ];
  for (const [what, query] of [
    ["the same over HTTP", "limit=100"],
    ["of one campaign", "limit=100&campaign=spring"],
    ["of one currency", "limit=100&currency=GBP"],
    ["of one article", "limit=100&article_id=article-77"],
    ["of a currency that isn't there", "limit=100&currency=JPY"],
    ["of a country that isn't there", "limit=100&country=FR"],
  ] as const) {
    const path = (depth: Position) => `payments?${EVER}&${query}&cursor=${encodeCursor(depth)}`;
    found.push(row(JOB, what, await atDepths(depths, (depth) => json(stage.port, path(depth), token)), null));
  }
  return found;
}

const ROUNDS = 8;

/** The first rounds, which fill the caches, are left out. */
async function atDepths(
  depths: readonly Position[],
  work: (depth: Position) => Promise<unknown>,
): Promise<readonly number[]> {
  const samples: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    for (const depth of depths) samples.push(await timed(() => work(depth)));
  }
  return samples.slice(2 * depths.length);
}

async function page(stage: Stage, after: Position): Promise<void> {
  const period = parsePeriod("2023-01-01", "2027-01-01", "Europe/Berlin", { from: "", to: "" });
  const filter = { period, ...NO_FILTERS };
  const { rows } = await paymentsPage(stage.deps.db, filter, after, 100);
  if (rows.length !== 100 && after.booked_at > new Date("2023-12-01")) throw new Error("A page isn't full.");
}

async function reports(stage: Stage, token: string): Promise<readonly Row[]> {
  const found: Row[] = [];
  for (const [what, path] of [
    ["the balance of a month", "balance?from=2026-03-01&to=2026-04-01"],
    ["the journal of a month", "journal?from=2026-03-01&to=2026-04-01&limit=1000"],
    ["a hundred payouts and whether they add up", `payouts?${EVER}`],
    ["a payout's lines", "payouts/po_20260301"],
  ] as const) {
    const samples: number[] = [];
    for (let round = 0; round < 5; round++) samples.push(await timed(() => json(stage.port, path, token)));
    found.push(row(JOB, what, samples, null));
  }
  return found;
}

async function json(port: number, path: string, token: string): Promise<void> {
  const answer = await fetch(`http://127.0.0.1:${port}/v1/reports/${path}`, {
    headers: { authorization: `Bearer ${token}` },
  });
  if (answer.status !== 200) throw new Error(`${path}: ${answer.status} ${await answer.text()}`);
  await answer.json();
}

interface Downloaded {
  readonly seconds: number;
  readonly bytes: number;
  readonly rss_mb: number;
}

async function files(stage: Stage, token: string): Promise<readonly Row[]> {
  const service = await download(stage, "service", token);
  const stream = await download(stage, "stream", token);
  const batches = await download(stage, "batches", token);
  const copy = await download(stage, "copy", token);
  if (service.body !== stream.body || service.body !== batches.body)
    throw new Error("payments.csv differs from the same lines made in Node.");
  await readBack(stage, service.ids);
  const speed = ({ seconds }: Downloaded) => PAYMENTS / seconds;
  const about = (one: Downloaded) =>
    `${one.seconds.toFixed(1)} s, ${(one.bytes / 2 ** 20).toFixed(0)} MB sent, ${one.rss_mb.toFixed(0)} MB held at most`;
  const against = `${(speed(service) / speed(stream)).toFixed(1)} × pg-query-stream piped (aim 3), ${(speed(service) / speed(batches)).toFixed(1)} × in batches, ${((100 * speed(service)) / speed(copy)).toFixed(0)} % of COPY (aim 40)`;
  const line = (what: string, one: Downloaded, said: string): Row => ({
    ...row(JOB, what, [one.seconds * 1000], null, said),
    per_second: Math.round(speed(one)),
  });
  return [
    line("payments.csv, read back and equal to the table", service, `${about(service)}; ${against}; memory aim 128 MB`),
    line("the same lines by pg-query-stream, piped through csv-stringify", stream, about(stream)),
    line("the same lines by pg-query-stream, in batches", batches, about(batches)),
    line("the same rows by COPY, without decimals and unguarded", copy, about(copy)),
  ];
}

async function download(stage: Stage, how: string, token: string): Promise<Downloaded & Digest> {
  const child = fork(new URL("./csv-child.ts", import.meta.url), [how], { env: stage.environment() });
  const [{ port }] = (await once(child, "message")) as [{ port: number }];
  const startedAt = performance.now();
  const [response] = (await once(
    get(`http://127.0.0.1:${port}/v1/reports/payments.csv?${EVER}`, { headers: { authorization: `Bearer ${token}` } }),
    "response",
  )) as [IncomingMessage];
  if (response.statusCode !== 200) throw new Error(`${how}: ${response.statusCode}`);
  const digested = await digest(response);
  const seconds = (performance.now() - startedAt) / 1000;
  const rss_mb = await memoryOf(child);
  child.disconnect();
  await once(child, "exit");
  return { seconds, rss_mb, ...digested };
}

interface Digest {
  readonly bytes: number;
  /** Hashes of the whole file, and of the first cells of all lines but the header: no cell of these rows holds a line end. */
  readonly body: string;
  readonly ids: string;
}

async function digest(response: IncomingMessage): Promise<Digest> {
  const body = createHash("sha256");
  const ids = createHash("sha256");
  let bytes = 0;
  let rest = "";
  let isFirst = true;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    body.update(chunk);
    const lines = (rest + chunk.toString("latin1")).split("\n");
    rest = lines.pop() ?? "";
    for (const text of lines) {
      if (!isFirst) ids.update(text.slice(0, 36));
      isFirst = false;
    }
  }
  return { bytes, body: body.digest("hex"), ids: ids.digest("hex") };
}

/** Every payment once, in the list's order. */
async function readBack(stage: Stage, ids: string): Promise<void> {
  const hash = createHash("sha256");
  let after = { booked_at: new Date("2027-01-01"), id: "ffffffff-ffff-ffff-ffff-ffffffffffff" };
  for (;;) {
    const { rows } = await sql<{ booked_at: Date; id: string }>`
      select booked_at, id from payments where booked_at <= ${after.booked_at} and (booked_at, id) < (${after.booked_at}, ${after.id}::uuid)
      order by booked_at desc, id desc limit 50000
    `.execute(stage.deps.db);
    for (const { id } of rows) hash.update(id);
    const last = rows.at(-1);
    if (last === undefined) break;
    after = last;
  }
  if (hash.digest("hex") !== ids) throw new Error("payments.csv has other rows than the table.");
}

async function memoryOf(child: ChildProcess): Promise<number> {
  child.send("memory");
  const [{ rss_mb }] = (await once(child, "message")) as [{ rss_mb: number }];
  return rss_mb;
}
