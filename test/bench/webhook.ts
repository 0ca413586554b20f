import { Worker } from "node:worker_threads";
import { startBaselines } from "./baselines.ts";
import { type Row, row } from "./measure.ts";
import { eventsOf, recordTemplates, sign } from "./renewals.ts";
import type { Stage } from "./stage.ts";

const EVENTS = 20_000;
const WARM_UP = 2_000;
const ROUNDS = 4;

/** Acknowledged webhooks against three baselines on the same database and pool size, in turns, so that all of them meet the same machine. */
export async function webhookRows(stage: Stage): Promise<readonly Row[]> {
  const baselines = await startBaselines(stage);
  const { start, renewal } = await recordTemplates();
  const templates = [...start, ...renewal];
  const ours = { what: "POST /webhooks/stripe", port: stage.port };
  const rows: Row[] = [];
  for (const inFlight of [1, 10, 32, 256]) {
    const contenders = [...baselines, ours].map((one) => ({ ...one, samples: [] as number[], seconds: 0 }));
    const count = inFlight === 1 ? EVENTS / 10 : EVENTS;
    for (const one of contenders) await sendSome(stage, templates, one.port, WARM_UP, inFlight);
    for (let round = 0; round < ROUNDS; round++) {
      for (const one of contenders) {
        const sent = await sendSome(stage, templates, one.port, count / ROUNDS, inFlight);
        for (const sample of sent.samples) one.samples.push(sample);
        one.seconds += sent.seconds;
      }
    }
    const rates = contenders.map((one) => one.samples.length / one.seconds);
    const mine = rates.at(-1) as number;
    const against = rates.slice(0, -1).map((rate, index) => `${(mine / rate).toFixed(2)} × ${"abc"[index]}`);
    for (const [index, one] of contenders.entries()) {
      const isOurs = index === contenders.length - 1;
      rows.push(
        row(`webhook, ${inFlight} in flight`, one.what, one.samples, one.seconds, isOurs ? against.join(", ") : null),
      );
    }
  }
  for (const baseline of baselines) await baseline.close();
  return rows;
}

interface Sent {
  readonly samples: number[];
  readonly seconds: number;
}

let runs = 0;

/** `count` events of the templates, of other donors each time. */
async function sendSome(
  stage: Stage,
  templates: readonly string[],
  port: number,
  count: number,
  inFlight: number,
): Promise<Sent> {
  runs += 1;
  const bodies = eventsOf(templates, Math.ceil(count / templates.length), `${process.pid}x${runs}x`).slice(0, count);
  return await send(stage, bodies, port, inFlight);
}

/** Signs bodies and posts them from a thread of its own. */
export function send(stage: Stage, bodies: readonly string[], port: number, inFlight: number): Promise<Sent> {
  const events = sign(bodies, stage.secret);
  const worker = new Worker(new URL("./sender.ts", import.meta.url), { workerData: { port, events, inFlight } });
  return new Promise((resolve, reject) => {
    worker.once("message", resolve);
    worker.once("error", reject);
  });
}
