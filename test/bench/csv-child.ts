import { once } from "node:events";
import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { Transform } from "node:stream";
import { pipeline } from "node:stream/promises";
import { stringify } from "csv-stringify";
import type { CompiledQuery } from "kysely";
import pg from "pg";
import { to as copyTo } from "pg-copy-streams";
import QueryStream from "pg-query-stream";
import { createApp } from "../../src/app.ts";
import { compose } from "../../src/compose.ts";
import { readConfig } from "../../src/config.ts";
import { createDatabase, createPool } from "../../src/db/client.ts";
import { watchNewsroom } from "../../src/newsroom.ts";
import { type Cell, csvHeader, csvRows, harmless } from "../../src/reports/csv.ts";

import { type PaymentReportRow, paymentRows } from "../../src/reports/payments.queries.ts";
import { paymentColumns } from "../../src/reports/payments-csv.ts";
import { listen } from "../../src/serve.ts";
import { POOL_SIZE } from "../../src/shared/limits.ts";
import { createLog } from "../../src/shared/log.ts";
import { parsePeriod } from "../../src/shared/period.ts";

/**
 * A server of payments.csv in a process of its own, so that its memory is its own: the service's, or one that does the same by other means.
 * Tells its parent where it listens, and whenever it is asked the most memory that it held.
 */
const [how = ""] = process.argv.slice(2);
const ROWS_AT_ONCE = 250;

const { port, close } =
  how === "service" ? await service() : await bare(how === "copy" ? byCopy : how === "stream" ? byStream : byBatches);
process.on("message", () => process.send?.({ rss_mb: process.resourceUsage().maxRSS / 1024 }));
process.on("disconnect", close);
process.send?.({ port });

async function service() {
  const config = readConfig();
  const log = createLog({ level: "silent" });
  const newsroom = watchNewsroom(config.newsroomConfig, log);
  const settings = { config, now: () => new Date(), loadKeys: () => config.dataKeys ?? [] };
  const reports = await compose(settings, { name: "reports", connections: POOL_SIZE.reports, log, newsroom });
  const app = createApp({
    deps: reports.deps,
    reports: reports.deps,
    readiness: { whyNot: async () => null },
    onReceived: () => undefined,
    stripeOrigins: ["https://checkout.stripe.com"],
    extra: [],
  });
  const server = await listen(app, "127.0.0.1", 0);
  return {
    port: server.port,
    close: async () => {
      await server.close();
      await reports.close();
      newsroom.close();
    },
  };
}

async function bare(send: (client: pg.ClientBase, response: ServerResponse) => Promise<void>) {
  const pool = createPool({ url: process.env.DATABASE_URL ?? "", max: 1, name: "bench", onError: () => {} });
  const server = createServer(async (_request, response) => {
    const client = await pool.connect();
    await send(client, response);
    response.end();
    client.release(true);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    port: (server.address() as AddressInfo).port,
    close: async () => void (await Promise.all([pool.end(), server.close()])),
  };
}

/** The same rows as objects, piped through the library that makes CSV of them, as its manual has it. */
async function byStream(client: pg.ClientBase, response: ServerResponse): Promise<void> {
  const { sql, parameters } = query();
  const cells = transform((row: PaymentReportRow) => paymentColumns.map((column) => textCell(column.cell(row))));
  const lines = stringify({
    header: true,
    columns: paymentColumns.map((column) => column.name),
    record_delimiter: "windows",
  });
  await pipeline(client.query(new QueryStream(sql, [...parameters])), cells, lines, response, { end: false });
}

function transform<Row>(change: (row: Row) => unknown): Transform {
  return new Transform({ objectMode: true, transform: (row: Row, _encoding, done) => done(null, change(row)) });
}

function textCell(cell: Cell): string {
  if (cell === null) return "";
  if (cell instanceof Date) return cell.toISOString();
  return typeof cell === "string" ? harmless(cell) : String(cell);
}

/** The same, with lines made of many rows at once: as quick as pg-query-stream gets. */
async function byBatches(client: pg.ClientBase, response: ServerResponse): Promise<void> {
  const { sql, parameters } = query();
  const rows = client.query(new QueryStream(sql, [...parameters], { batchSize: ROWS_AT_ONCE }));
  let batch: PaymentReportRow[] = [];
  response.write(csvHeader(paymentColumns));
  for await (const row of rows) {
    batch.push(row as PaymentReportRow);
    if (batch.length < ROWS_AT_ONCE) continue;
    if (!response.write(csvRows(paymentColumns, batch))) await once(response, "drain");
    batch = [];
  }
  response.write(csvRows(paymentColumns, batch));
}

/** The same rows as Postgres' own CSV: no decimals, times in its own form, formulas left as they are. */
async function byCopy(client: pg.ClientBase, response: ServerResponse): Promise<void> {
  const { sql, parameters } = query();
  const literal = sql.replace(/\$(\d+)/g, (_, place) => pg.escapeLiteral(textOf(parameters[Number(place) - 1])));
  const stream = client.query(copyTo(`copy (${literal}) to stdout with (format csv, header)`));
  for await (const chunk of stream) if (!response.write(chunk)) await once(response, "drain");
}

function textOf(value: unknown): string {
  return value instanceof Date ? value.toISOString() : String(value);
}

function query(): CompiledQuery {
  const db = createDatabase(
    createPool({ url: process.env.DATABASE_URL ?? "", max: 1, name: "bench", onError: () => {} }),
  );
  const period = parsePeriod("2023-01-01", "2027-01-01", "Europe/Berlin", { from: "", to: "" });
  const none = { status: undefined, frequency: undefined, currency: undefined, country: undefined };
  const filter = { period, ...none, campaign: undefined, article_id: undefined, placement: undefined };
  return paymentRows(db, filter, null, 100_000_000).compile();
}
