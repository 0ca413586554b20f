import { mkdtemp, rm } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { type Kysely, sql } from "kysely";
import type { DB } from "../../src/db/schema.ts";
import { isQuiet } from "../../src/sandbox/quiet.queries.ts";
import type { TestApp } from "./app.ts";
import { fastFolder } from "./fast-folder.ts";
import type { SentEvent } from "./history.ts";
import { ownPort } from "./ports.ts";
import { runService } from "./service.ts";
import { postEvent } from "./world.ts";

const AT_ONCE = 16;

/** The service in a process of its own, on a database of ours and on the simulated Stripe of `app`, to be killed. */
export async function startProcess(app: TestApp, databaseUrl: string) {
  const dataDir = await mkdtemp(join(await fastFolder(), "ingest-"));
  const port = await ownPort();
  const service = runService("start", {
    DATA_DIR: dataDir,
    DATABASE_URL: databaseUrl,
    DATA_KEYS: app.settings
      .loadKeys()
      .map(({ id, key }) => `${id}:${key.toString("base64")}`)
      .join(","),
    PORT: String(port),
    STRIPE_SECRET_KEY: "sk_test_sandbox",
    STRIPE_WEBHOOK_SECRET: app.webhookSecret,
    STRIPE_API_BASE: app.standIn.url,
  });
  await service.says(/"msg":"running"/);
  return {
    url: `http://127.0.0.1:${port}`,
    logged: service.stdout,
    end: async (signal: NodeJS.Signals) => {
      const code = await service.end(signal);
      await rm(dataDir, { recursive: true, force: true, maxRetries: 20, retryDelay: 50 });
      return code;
    },
  };
}

export type Sender = ReturnType<typeof createSender>;

/** Sends events as Stripe does: each again until it is acknowledged, and some again all the same. */
export function createSender(secret: string, all: readonly SentEvent[]) {
  const acknowledged = new Set<string>();
  const unsent = [...all];
  let turn = 0;
  return {
    acknowledged,
    /** Whether every event has been acknowledged once. */
    isDone: () => unsent.length === 0,
    /** Some events that are new, and many that came before under another id, sixteen at a time until all are answered or refused. */
    burst: async (url: string, size: number): Promise<void> => {
      turn += 1;
      const batch: SentEvent[] = unsent.splice(0, size);
      const again = Array.from(
        { length: 4 * size },
        (_, index) => all[(turn * 31 + index * 7) % all.length] as SentEvent,
      );
      const waiting = [...batch, ...again.map((event) => ({ ...event, id: `${event.id}_${turn}` }))];
      const send = async () => {
        for (let event = waiting.shift(); event !== undefined; event = waiting.shift()) {
          const status = await postEvent(url, secret, JSON.stringify(event)).catch(() => 0);
          if (status === 200) acknowledged.add(event.id);
          else if (batch.includes(event)) unsent.push(event);
        }
      };
      await Promise.all(Array.from({ length: AT_ONCE }, send));
    },
  };
}

/** Of the events that were acknowledged, those that the inbox hasn't got. */
export async function lostEvents(db: Kysely<DB>, { acknowledged }: Sender): Promise<readonly string[]> {
  const { rows } = await sql<{ id: string }>`
    select id from unnest(${[...acknowledged]}::text[]) as id where not exists (select from stripe_events e where e.id = id.id)
  `.execute(db);
  return rows.map((row) => row.id);
}

/** Events that nobody would take up again within a minute or so, although whoever had claimed them was killed. */
export async function stuckEvents(db: Kysely<DB>): Promise<number> {
  const { rows } = await sql<{ count: number }>`
    select count(*) from stripe_events
    where state = 'received' and due_at > clock_timestamp() + interval '31 seconds' * power(2, greatest(attempts - 1, 0))
  `.execute(db);
  return rows[0]?.count ?? Number.NaN;
}

/** Resolves once the service has done all that is due; what a killed one held lapses at once. */
export async function caughtUp(db: Kysely<DB>): Promise<void> {
  await sql`update stripe_events set due_at = clock_timestamp() where state = 'received'`.execute(db);
  await sql`update cursors set lease_until = '-infinity'`.execute(db);
  for (let round = 0, quiet = 0; round < 300; round++) {
    // What is being fetched right now is no longer due and not yet stored, so one look isn't enough.
    const { rows: fetching } = await sql`select from refetches`.execute(db);
    quiet = fetching.length === 0 && (await isQuiet(db)) ? quiet + 1 : 0;
    if (quiet === 3) return;
    await sql`update refetches set due_at = clock_timestamp() where attempts = 0`.execute(db);
    await sleep(100);
  }
  throw new Error("The books did not catch up.");
}
