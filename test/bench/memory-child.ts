import { createApp } from "../../src/app.ts";
import { compose } from "../../src/compose.ts";
import { readConfig } from "../../src/config.ts";
import { deriveDirty } from "../../src/donations/settle.ts";
import { processInbox } from "../../src/inbox/process.ts";
import { watchNewsroom } from "../../src/newsroom.ts";
import { listen } from "../../src/serve.ts";
import { POOL_SIZE } from "../../src/shared/limits.ts";
import { createLog } from "../../src/shared/log.ts";
import { startLoop } from "../../src/shared/loop.ts";

/** The service that takes and applies events, in a process of its own, so that its memory is its own; tells its parent whenever it is asked. */
const config = readConfig();
const log = createLog({ level: "silent" });
const newsroom = watchNewsroom(config.newsroomConfig, log);
const settings = { config, now: () => new Date(), loadKeys: () => config.dataKeys ?? [] };
const http = await compose(settings, { name: "http", connections: POOL_SIZE.http, log, newsroom });
const work = await compose(settings, { name: "work", connections: POOL_SIZE.work, log, newsroom });
const derive = startLoop({ name: "derive", idleMs: 50, log, step: () => deriveDirty(work.deps) });
const inbox = startLoop({ name: "inbox", idleMs: 50, log, step: () => processInbox(work.deps) });
const app = createApp({
  deps: http.deps,
  reports: http.deps,
  readiness: { whyNot: async () => null },
  onReceived: () => inbox.wake(),
  stripeOrigins: ["https://checkout.stripe.com"],
  extra: [],
});
const server = await listen(app, "127.0.0.1", 0);
process.on("message", () => {
  const { rss, heapUsed } = process.memoryUsage();
  process.send?.({ rss_mb: rss / 2 ** 20, heap_mb: heapUsed / 2 ** 20 });
});
process.on("disconnect", async () => {
  await server.close();
  await Promise.all([inbox.stop(), derive.stop()]);
  await http.close();
  await work.close();
  newsroom.close();
});
process.send?.({ port: server.port });
