import { compose } from "../../src/compose.ts";
import { readConfig } from "../../src/config.ts";
import { watchNewsroom } from "../../src/newsroom.ts";
import { makeSampleData } from "../../src/sandbox/sample/make.ts";
import { createLog } from "../../src/shared/log.ts";

/** Makes sample data in a process of its own, so that its memory is its own; tells its parent how long each half took. */
const config = readConfig();
const log = createLog({ level: "silent" });
const newsroom = watchNewsroom(config.newsroomConfig, log);
const settings = { config, now: () => new Date(), loadKeys: () => config.dataKeys ?? [] };
const { deps, close } = await compose(settings, { name: "bench", connections: 2, log, newsroom });
const startedAt = performance.now();
let derivesFrom: number | null = null;
await makeSampleData(deps, {
  payments: Number(process.argv[2]),
  onProgress: ({ phase }) => {
    if (phase === "deriving") derivesFrom ??= performance.now();
  },
});
const endedAt = performance.now();
process.send?.({
  loading_seconds: ((derivesFrom ?? endedAt) - startedAt) / 1000,
  deriving_seconds: (endedAt - (derivesFrom ?? endedAt)) / 1000,
  rss_mb: process.resourceUsage().maxRSS / 1024,
});
await close();
newsroom.close();
process.disconnect?.();
