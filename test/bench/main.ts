import { mkdir, writeFile } from "node:fs/promises";
import { cpus } from "node:os";
import { applyRows } from "./apply.ts";
import { checkoutRows } from "./checkout.ts";
import type { Row } from "./measure.ts";
import { reconcileRows } from "./reconcile.ts";
import { reminderRows } from "./reminders.ts";
import { setStage } from "./stage.ts";
import { webhookRows } from "./webhook.ts";

const FILE = ".data/bench.json";

const stage = await setStage();
let rows: readonly Row[];
try {
  rows = [
    ...(await checkoutRows(stage)),
    ...(await webhookRows(stage)),
    ...(await applyRows(stage)),
    ...(await reconcileRows(stage)),
    ...(await reminderRows(stage)),
  ];
} finally {
  await stage.close();
}
console.table(rows);
const machine = { node: process.version, cpu: cpus()[0]?.model ?? "unknown", cores: cpus().length };
await mkdir(".data", { recursive: true, mode: 0o700 });
await writeFile(FILE, `${JSON.stringify({ at: new Date().toISOString(), machine, rows }, null, 2)}\n`);
console.log(`Compare rows of one run only. Also in ${FILE}.`);
