import { createApp } from "../../src/app.ts";
import { compose } from "../../src/compose.ts";
import type { Config } from "../../src/config.ts";
import type { TestApp } from "./app.ts";
import { serveApp } from "./serve-app.ts";

export interface SecondApp {
  readonly url: string;
  close(): Promise<void>;
}

/** Another `serve` on the same database and the same Stripe, as if in a process of its own. */
export async function startSecondApp(app: TestApp, config: Partial<Config> = {}): Promise<SecondApp> {
  const composed = await compose(
    { ...app.settings, config: { ...app.settings.config, ...config } },
    { name: "second", connections: 5, log: app.deps.log, newsroom: { current: app.deps.newsroom, close: () => {} } },
  );
  const served = await serveApp(
    createApp({
      deps: composed.deps,
      reports: composed.deps,
      readiness: { whyNot: async () => null },
      onReceived: () => {},
      stripeOrigins: [app.standIn.url],
      extra: [],
    }),
  );
  return {
    url: served.url,
    close: async () => {
      await served.close();
      await composed.close();
    },
  };
}
