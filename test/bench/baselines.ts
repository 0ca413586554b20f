import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import type pg from "pg";
import { createPool } from "../../src/db/client.ts";
import { POOL_SIZE } from "../../src/shared/limits.ts";
import { isSignedBy } from "../../src/stripe/signature.ts";
import { printBroken, type Stage } from "./stage.ts";

export interface Baseline {
  readonly what: string;
  readonly port: number;
  close(): Promise<void>;
}

interface Kept {
  readonly id: string;
  readonly type: string;
  readonly body: Buffer;
}

/** Bare `node:http` servers that do a part of the job and nothing else: no dedupe beyond the key, nothing encrypted, nothing logged. */
export async function startBaselines(stage: Stage): Promise<readonly Baseline[]> {
  const pool = createPool({
    url: stage.databaseUrl,
    max: POOL_SIZE.http,
    name: "bench baseline",
    onError: printBroken,
  });
  await pool.query(
    "create table if not exists bare_events (id text primary key, type text not null, payload bytea not null)",
  );
  const insertOne = async ({ id, type, body }: Kept) => {
    await pool.query("insert into bare_events values ($1, $2, $3) on conflict do nothing", [id, type, body]);
  };
  const servers = [
    await bareServer("(a) signature check alone", stage.secret, async () => undefined),
    await bareServer("(b) signature check + one-row insert", stage.secret, insertOne),
    await bareServer("(c) signature check + batched insert", stage.secret, batched(pool)),
  ];
  return servers.map((server, index) =>
    index === 0 ? { ...server, close: async () => void (await Promise.all([server.close(), pool.end()])) } : server,
  );
}

/** Whatever arrives while a statement is under way shares the next one. */
function batched(pool: pg.Pool): (event: Kept) => Promise<void> {
  let waiting: { event: Kept; done: () => void; failed: (error: unknown) => void }[] = [];
  let running = 0;
  const flush = async () => {
    running += 1;
    while (waiting.length > 0) {
      const batch = waiting.slice(0, 256);
      waiting = waiting.slice(256);
      const column = (pick: (event: Kept) => unknown) => batch.map(({ event }) => pick(event));
      try {
        await pool.query(
          "insert into bare_events select * from unnest($1::text[], $2::text[], $3::bytea[]) on conflict do nothing",
          [column((event) => event.id), column((event) => event.type), column((event) => event.body)],
        );
        for (const one of batch) one.done();
      } catch (error) {
        for (const one of batch) one.failed(error);
      }
    }
    running -= 1;
  };
  return (event) =>
    new Promise((done, failed) => {
      waiting.push({ event, done, failed });
      if (running < 2) void flush();
    });
}

async function bareServer(what: string, secret: string, keep: (event: Kept) => Promise<void>): Promise<Baseline> {
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      const body = Buffer.concat(chunks);
      if (!isSignedBy([secret], body, request.headers["stripe-signature"] as string | undefined)) {
        response.writeHead(400).end();
        return;
      }
      const event: { id: string; type: string } = JSON.parse(body.toString("utf8"));
      keep({ id: event.id, type: event.type, body }).then(
        () => response.writeHead(200, { "content-type": "application/json" }).end('{"received":true}'),
        () => response.writeHead(500).end(),
      );
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    what,
    port: (server.address() as AddressInfo).port,
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
