import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { sql } from "kysely";
import type { Row } from "./measure.ts";
import { eventsOf, recordTemplates } from "./renewals.ts";
import type { Stage } from "./stage.ts";
import { send } from "./webhook.ts";

const EVENTS = 200_000;
const IN_A_ROUND = 20_000;
const IN_FLIGHT = 64;

interface Memory {
  readonly rss_mb: number;
  readonly heap_mb: number;
}

/** 200,000 events through one process that takes and applies them: what it holds in memory after each 20,000. */
export async function memoryRows(stage: Stage): Promise<readonly Row[]> {
  const { start, renewal } = await recordTemplates();
  const templates = [...start, ...renewal];
  const child = fork(new URL("./memory-child.ts", import.meta.url), [], { env: stage.environment() });
  const [{ port }] = (await once(child, "message")) as [{ port: number }];
  const seen: Memory[] = [];
  const startedAt = performance.now();
  let sent = 0;
  while (sent < EVENTS) {
    const bodies = eventsOf(templates, Math.ceil(IN_A_ROUND / templates.length), `${process.pid}m${sent}x`);
    await send(stage, bodies, port, IN_FLIGHT);
    sent += bodies.length;
    await applied(stage);
    seen.push(await memoryOf(child));
  }
  const seconds = (performance.now() - startedAt) / 1000;
  child.disconnect();
  await once(child, "exit");
  const list = (pick: (memory: Memory) => number) => seen.map((memory) => pick(memory).toFixed(0)).join(" ");
  return [
    {
      job: `memory over ${sent} events`,
      what: "taken and applied by one process; MB resident after each tenth",
      median_ms: null,
      p99_ms: null,
      per_second: Math.round(sent / seconds),
      against: `${list((memory) => memory.rss_mb)}; heap ${list((memory) => memory.heap_mb)}`,
    },
  ];
}

async function applied(stage: Stage): Promise<void> {
  for (;;) {
    const { rows } = await sql<{ left: boolean }>`
      select exists (select from stripe_events where state = 'received') or exists (select from dirty_objects) as left
    `.execute(stage.deps.db);
    if (rows[0]?.left !== true) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

async function memoryOf(child: ChildProcess): Promise<Memory> {
  child.send("memory");
  const [memory] = (await once(child, "message")) as [Memory];
  return memory;
}
