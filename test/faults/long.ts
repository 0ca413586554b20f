/*
 * The long run: 200 times each kill, instead of twice as in `npm test`. `npm run test:faults -- 20` does it 20 times; SEED=N repeats a run's moments
 * as far as the machine's timing lets it.
 */
import { fileURLToPath } from "node:url";
import { startVitest } from "vitest/node";

const rounds = process.argv[2] ?? "200";
if (!/^[1-9]\d{0,4}$/.test(rounds))
  throw new RangeError("Expected how many rounds, as in `npm run test:faults -- 20`.");
process.env.ROUNDS = rounds;
await startVitest("test", ["test/faults/ingest"], {
  config: fileURLToPath(new URL("../../config/vitest.config.ts", import.meta.url)),
  run: true,
});
