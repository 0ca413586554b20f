import { mkdir, writeFile } from "node:fs/promises";
import { cpus } from "node:os";
import { applyRows } from "./apply.ts";
import { checkoutRows } from "./checkout.ts";
import { csvRows } from "./csv.ts";
import type { Row } from "./measure.ts";
import { memoryRows } from "./memory.ts";
import { reconcileRows } from "./reconcile.ts";
import { reminderRows } from "./reminders.ts";
import { sampleRows } from "./sample.ts";
import { setStage } from "./stage.ts";
import { summaryRows } from "./summary.ts";
import { webhookRows } from "./webhook.ts";

const FILE = ".data/bench.json";

const BENCHES = {
  checkout: checkoutRows,
  webhook: webhookRows,
  apply: applyRows,
  memory: memoryRows,
  reconcile: reconcileRows,
  reminders: reminderRows,
  summary: summaryRows,
  csv: csvRows,
  sample: sampleRows,
};

/** All of them, or those that are named: `npm run bench -- webhook apply`. */
const wanted = process.argv.slice(2);
const unknown = wanted.filter((name) => !Object.hasOwn(BENCHES, name));
if (unknown.length > 0) throw new RangeError(`Expected some of: ${Object.keys(BENCHES).join(", ")}.`);

const stage = await setStage();
const rows: Row[] = [];
try {
  for (const [name, bench] of Object.entries(BENCHES)) {
    if (wanted.length === 0 || wanted.includes(name)) rows.push(...(await bench(stage)));
  }
} finally {
  await stage.close();
}
console.table(rows);
const machine = { node: process.version, cpu: cpus()[0]?.model ?? "unknown", cores: cpus().length };
await mkdir(".data", { recursive: true, mode: 0o700 });
await writeFile(FILE, `${JSON.stringify({ at: new Date().toISOString(), machine, rows }, null, 2)}\n`);
console.log(`Compare rows of one run only. Also in ${FILE}.`);
