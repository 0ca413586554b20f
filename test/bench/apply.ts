import { deriveDirty } from "../../src/donations/settle.ts";
import { readEnvelope } from "../../src/inbox/envelope.ts";
import { processInbox } from "../../src/inbox/process.ts";
import { insertEvents } from "../../src/inbox/store.queries.ts";
import { type Row, round } from "./measure.ts";
import { eventsOf, recordTemplates } from "./renewals.ts";
import type { Stage } from "./stage.ts";

const DONORS = 2_000;

/** From acknowledged to applied: the events of donors who begin, then of the night on which all of them renew. */
export async function applyRows(stage: Stage): Promise<readonly Row[]> {
  const { start, renewal } = await recordTemplates();
  const run = `${process.pid}a`;
  const rows: Row[] = [];
  for (const [what, templates] of [
    ["gifts that begin", start],
    ["gifts that renew", renewal],
  ] as const) {
    const bodies = eventsOf(templates, DONORS, run);
    await fill(stage, bodies);
    const startedAt = performance.now();
    await drain(stage);
    const seconds = (performance.now() - startedAt) / 1000;
    rows.push({
      job: "from acknowledged to applied, one process",
      what: `${what}: ${bodies.length} events of ${DONORS} donors`,
      median_ms: null,
      p99_ms: null,
      per_second: Math.round(bodies.length / seconds),
      against: `${round(seconds)} s in all, ${Math.round(process.memoryUsage().rss / 2 ** 20)} MiB resident`,
    });
  }
  return rows;
}

/** A small night on which donors renew who began before, as `run` tells them apart. @returns events a second */
export async function applyOnce(stage: Stage, run: string, donors = 500): Promise<number> {
  templates ??= await recordTemplates();
  await fill(stage, eventsOf(templates.start, donors, `${process.pid}${run}`));
  await drain(stage);
  const bodies = eventsOf(templates.renewal, donors, `${process.pid}${run}`);
  await fill(stage, bodies);
  const startedAt = performance.now();
  await drain(stage);
  return bodies.length / ((performance.now() - startedAt) / 1000);
}

let templates: Awaited<ReturnType<typeof recordTemplates>> | undefined;

async function fill(stage: Stage, bodies: readonly string[]): Promise<void> {
  for (let at = 0; at < bodies.length; at += 500) {
    const events = bodies.slice(at, at + 500).map((body) => {
      const envelope = readEnvelope(Buffer.from(body));
      return {
        ...envelope,
        payload_sealed: stage.deps.vault.seal(body, `stripe_events.payload_sealed:${envelope.id}`),
      };
    });
    await insertEvents(stage.deps.db, events);
  }
}

/** As the two loops of `work` do it side by side. */
async function drain(stage: Stage): Promise<void> {
  let applying = true;
  const inbox = (async () => {
    while ((await processInbox(stage.deps)) > 0);
    applying = false;
  })();
  const derive = (async () => {
    for (;;) {
      const done = !applying;
      if ((await deriveDirty(stage.deps)) > 0) continue;
      if (done) return;
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  })();
  await Promise.all([inbox, derive]);
}
