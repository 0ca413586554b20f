import { compose } from "../../src/compose.ts";
import { readConfig } from "../../src/config.ts";
import { watchNewsroom } from "../../src/newsroom.ts";
import { createLog } from "../../src/shared/log.ts";
import { startWork } from "../../src/work.ts";

/** The background side as `npm run work` runs it, with a lease short enough to be waited for. */
const config = readConfig();
const log = createLog();
const newsroom = watchNewsroom(config.newsroomConfig, log);
const settings = { config, now: () => new Date(), loadKeys: () => config.dataKeys ?? [] };
const composed = await compose(settings, { name: "work", connections: 5, log, newsroom });
const work = startWork(composed.deps, { leaseMs: Number(process.env.LEASE_MS) });
process.once("SIGTERM", async () => {
  await work.stop();
  await composed.close();
  newsroom.close();
});
log.info("running");
