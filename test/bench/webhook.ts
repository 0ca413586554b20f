import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { Worker } from "node:worker_threads";
import { createPool } from "../../src/db/client.ts";
import { POOL_SIZE } from "../../src/shared/limits.ts";
import { isSignedBy } from "../../src/stripe/signature.ts";
import { signedEvents } from "./events.ts";
import { type Row, row } from "./measure.ts";
import { printBroken, type Stage } from "./stage.ts";

const EVENTS = 4_000;
const WARM_UP = 1_000;
const ROUNDS = 3;

/** Acknowledged webhooks, against a bare server that checks the signature and inserts one row, on the same database and pool size. */
export async function webhookRows(stage: Stage): Promise<readonly Row[]> {
  const baseline = await bareServer(stage);
  const rows: Row[] = [];
  for (const inFlight of [1, 10, 32]) {
    const bare = { samples: [] as number[], seconds: 0 };
    const ours = { samples: [] as number[], seconds: 0 };
    await send(stage, baseline.port, WARM_UP, inFlight);
    await send(stage, stage.port, WARM_UP, inFlight);
    for (let round = 0; round < ROUNDS; round++) {
      add(bare, await send(stage, baseline.port, EVENTS, inFlight));
      add(ours, await send(stage, stage.port, EVENTS, inFlight));
    }
    const job = `webhook acknowledgement, ${inFlight} in flight`;
    const rate = (one: typeof bare) => one.samples.length / one.seconds;
    rows.push(
      row(job, "baseline: node:http, signature, one-row insert", bare.samples, bare.seconds),
      row(
        job,
        "POST /webhooks/stripe",
        ours.samples,
        ours.seconds,
        `${(rate(ours) / rate(bare)).toFixed(2)} × the baseline's rate`,
      ),
    );
  }
  await baseline.close();
  return rows;
}

interface Sent {
  readonly samples: number[];
  readonly seconds: number;
}

function add(total: { samples: number[]; seconds: number }, sent: Sent): void {
  total.samples.push(...sent.samples);
  total.seconds += sent.seconds;
}

let runs = 0;

function send(stage: Stage, port: number, count: number, inFlight: number): Promise<Sent> {
  runs += 1;
  const events = signedEvents(count, stage.secret, `${process.pid}x${runs}x`);
  const worker = new Worker(new URL("./sender.ts", import.meta.url), { workerData: { port, events, inFlight } });
  return new Promise((resolve, reject) => {
    worker.once("message", resolve);
    worker.once("error", reject);
  });
}

/** What the least could look like that is still verified and durable: no dedupe beyond the key, nothing encrypted. */
async function bareServer(stage: Stage) {
  const pool = createPool({
    url: stage.databaseUrl,
    max: POOL_SIZE.http,
    name: "bench baseline",
    onError: printBroken,
  });
  await pool.query(
    "create table if not exists bare_events (id text primary key, type text not null, payload bytea not null)",
  );
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
    const body = Buffer.concat(chunks);
    if (!isSignedBy([stage.secret], body, request.headers["stripe-signature"] as string | undefined)) {
      response.writeHead(400).end();
      return;
    }
    const event: { id: string; type: string } = JSON.parse(body.toString("utf8"));
    await pool.query("insert into bare_events values ($1, $2, $3) on conflict do nothing", [
      event.id,
      event.type,
      body,
    ]);
    response.writeHead(200, { "content-type": "application/json" }).end('{"received":true}');
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    port: (server.address() as AddressInfo).port,
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      await pool.end();
    },
  };
}
