import { compose } from "../../src/compose.ts";
import { readConfig } from "../../src/config.ts";
import { backfill } from "../../src/ledger/backfill/backfill.ts";
import { reconcile } from "../../src/ledger/reconcile/reconcile.ts";
import { watchNewsroom } from "../../src/newsroom.ts";
import { createLog } from "../../src/shared/log.ts";

/** One verb in a process of its own, so that its memory is its own; tells its parent how long it took and the most memory that it held. */
const [verb = ""] = process.argv.slice(2);
const config = readConfig();
const log = createLog({ level: "silent" });
const newsroom = watchNewsroom(config.newsroomConfig, log);
const settings = { config, now: () => new Date(), loadKeys: () => config.dataKeys ?? [] };
const { deps, close } = await compose(settings, { name: "bench", connections: 5, log, newsroom });
const since = new Date(Date.now() - 40 * 86_400_000);
const startedAt = performance.now();
const done = verb === "backfill" ? await backfill(deps, { since }) : await reconcile(deps, { since });
const seconds = (performance.now() - startedAt) / 1000;
process.send?.({
  seconds,
  rss_mb: process.resourceUsage().maxRSS / 1024,
  calls: done.calls,
  remaining: "remaining" in done ? done.remaining : null,
});
await close();
newsroom.close();
process.disconnect?.();
