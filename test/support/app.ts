import { randomBytes } from "node:crypto";
import { PassThrough } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { sql } from "kysely";
import { createApp } from "../../src/app.ts";
import { compose } from "../../src/compose.ts";
import type { Config, DataKey } from "../../src/config.ts";
import { deriveDirty } from "../../src/donations/settle.ts";
import { processInbox } from "../../src/inbox/process.ts";
import { pullPayoutLines } from "../../src/ledger/payout-lines.ts";
import { syncLedger } from "../../src/ledger/sync.ts";
import { refetchDue } from "../../src/mirror/refetch.ts";
import { type NewsroomConfig, watchNewsroom } from "../../src/newsroom.ts";
import { sendDueReminders } from "../../src/reminders/due.ts";
import { rollupStep } from "../../src/reports/rollups/step.ts";
import { memoryClock, type SandboxClock } from "../../src/sandbox/clock.ts";
import { controlRoutes } from "../../src/sandbox/control.routes.ts";
import { demoRoutes } from "../../src/sandbox/demo/demo.routes.ts";
import { startMailCatcher } from "../../src/sandbox/mailbox/catcher.ts";
import { mailboxRoutes } from "../../src/sandbox/mailbox/mailbox.routes.ts";
import { isQuiet } from "../../src/sandbox/quiet.queries.ts";
import { type StripeStandInOptions, startStripeStandIn } from "../../src/sandbox/stripe/server.ts";
import { listen } from "../../src/serve.ts";
import type { Settings } from "../../src/settings.ts";
import { createLog } from "../../src/shared/log.ts";
import type { Role } from "../../src/shared/roles.ts";
import { createToken } from "../../src/staff/tokens.ts";
import { ensurePortal } from "../../src/stripe/portal.ts";
import { ensureProduct } from "../../src/stripe/product.ts";
import { startWork } from "../../src/work.ts";
import { testDatabase } from "./database.ts";
import { sendDueMails } from "./mails.ts";
import { ownPort } from "./ports.ts";

export interface AppOptions {
  /** Background work goes on by itself, as in `npm start`; otherwise `settle()` does it step by step. */
  readonly work?: boolean;
  readonly config?: Partial<Config>;
  readonly newsroom?: (newsroom: NewsroomConfig) => NewsroomConfig;
  /** Where the data keys are kept; the same random one for all apps of a file unless given. */
  readonly loadKeys?: () => readonly DataKey[];
  /** How the simulated Stripe's account is set up. */
  readonly stripe?: Pick<StripeStandInOptions, "settlementCurrency" | "settlementCurrencies" | "dunning" | "payouts">;
}

export type TestApp = Awaited<ReturnType<typeof startApp>>;

/** The whole service in this process: a database of its own, the simulated Stripe, HTTP on a free port. */
export async function startApp(options: AppOptions = {}) {
  const database = await testDatabase();
  const clock = memoryClock();
  const standIn = await startStripeStandIn({
    port: 0,
    stateFile: null,
    clock,
    webhook: null,
    environment: "development",
    ...options.stripe,
  });
  const mail = await startMailCatcher(null);
  const port = await ownPort();
  const url = `http://127.0.0.1:${port}`;
  const webhookSecret = `whsec_sandbox${randomBytes(12).toString("hex")}`;
  const settings: Settings = {
    config: {
      ...testConfig(database.url, url, standIn.url, webhookSecret, port),
      smtpUrl: mail.url,
      ...options.config,
    },
    now: () => clock.now(),
    loadKeys: options.loadKeys ?? (() => DATA_KEYS),
  };
  const lines = new PassThrough();
  const written: string[] = [];
  lines.on("data", (chunk: Buffer) => written.push(chunk.toString("utf8")));
  const log = createLog({ destination: lines });
  const watched = watchNewsroom(settings.config.newsroomConfig, log);
  const newsroom = { current: () => options.newsroom?.(watched.current()) ?? watched.current(), close: watched.close };
  const http = await compose(settings, { name: "http", connections: 10, log, newsroom });
  const background = await compose(settings, { name: "work", connections: 5, log, newsroom });
  const { deps } = http;
  const work = options.work === true ? startWork(background.deps) : null;
  await ensureProduct(deps.stripe, deps.newsroom().stripe_product);
  await ensurePortal(deps.stripe, deps.newsroom().terms);
  const app = createApp({
    deps,
    reports: deps,
    readiness: { whyNot: async () => null },
    onReceived: () => work?.wake(),
    stripeOrigins: [standIn.url],
    extra: [demoRoutes(deps, { simulatedStripe: true }), controlRoutes(deps, standIn), mailboxRoutes(deps, mail)],
  });
  const server = await listen(app, "127.0.0.1", port);
  standIn.setWebhook({ url: `${url}/webhooks/stripe`, secret: webhookSecret });

  let mailMatters = options.work === true;
  const mails = async (to?: string) => {
    mailMatters = true;
    if (work === null) await sendDueMails(background.deps);
    return mail.mailbox.list(to);
  };

  return {
    url,
    db: database.db,
    databaseUrl: database.url,
    standIn,
    clock,
    deps,
    background: background.deps,
    settings,
    webhookSecret,
    /** Everything that was logged so far. */
    logged: () => written.join(""),
    token: (role: Role = "finance") => createToken(database.db, { role }),
    /** What the mail server has caught, newest first; all that is due is sent before, unless background work goes on by itself. */
    mails,
    mailbox: mail,
    /** Does all background work that is due, in this process; resolves when the books have caught up. Mail goes once `mails()` was asked for. */
    settle: async () => {
      await standIn.settled();
      for (let round = 0; round < 200; round++) {
        if (work === null) await everything(background.deps);
        if (await isQuiet(database.db)) {
          if (work === null && mailMatters) await sendDueMails(background.deps);
          return;
        }
        await hurryRefetches(database.db, clock);
        await sleep(25);
      }
      throw new Error("The books did not catch up.");
    },
    close: async () => {
      await standIn.close();
      await server.close();
      await work?.stop();
      await background.close();
      await http.close();
      newsroom.close();
      await mail.close();
      await database.drop();
    },
  };
}

/** What is to be fetched when Stripe's clock is surely past the doubt: here the clock can be moved instead of waited for. */
async function hurryRefetches(db: TestApp["db"], clock: SandboxClock): Promise<void> {
  const { numAffectedRows = 0n } = await sql`
    update refetches set due_at = clock_timestamp() where attempts = 0 and due_at > clock_timestamp()
  `.execute(db);
  if (numAffectedRows > 0n) clock.advance(4_000);
}

async function everything(deps: TestApp["deps"]): Promise<void> {
  let found: number;
  do {
    found = (await processInbox(deps)) + (await deriveDirty(deps)) + (await refetchDue(deps));
  } while (found > 0);
  await syncLedger(deps);
  while ((await pullPayoutLines(deps)) > 0) {}
  while ((await deriveDirty(deps)) > 0);
  while ((await sendDueReminders(deps)) > 0);
  while ((await rollupStep(deps)) > 0);
}

const DATA_KEYS = [{ id: "test", key: randomBytes(32) }];

function testConfig(databaseUrl: string, url: string, stripeUrl: string, webhookSecret: string, port: number): Config {
  return {
    environment: "development",
    databaseUrl,
    databaseDirectUrl: null,
    reportsDatabaseUrl: null,
    stripe: { secretKey: "sk_test_sandbox", webhookSecrets: [webhookSecret], apiBase: new URL(stripeUrl) },
    smtpUrl: null,
    dataKeys: null,
    publicUrl: url,
    host: "127.0.0.1",
    port,
    sandboxStripePort: port + 1,
    dataDir: "/nonexistent",
    newsroomConfig: fileURLToPath(new URL("../../config/newsroom.yaml", import.meta.url)),
    trustProxy: null,
    countryHeader: null,
  };
}
