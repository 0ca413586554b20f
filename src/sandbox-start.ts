import type { AppParts } from "./app.ts";
import type { Composed } from "./compose.ts";
import type { Config } from "./config.ts";
import { controlRoutes } from "./sandbox/control.routes.ts";
import { releaseDeadClaims } from "./sandbox/dead-claims.queries.ts";
import { demoRoutes } from "./sandbox/demo/demo.routes.ts";
import { mailboxRoutes } from "./sandbox/mailbox/mailbox.routes.ts";
import { keptSecret, writeSecret } from "./sandbox/secrets.ts";
import { type Sandbox, startSandbox } from "./sandbox/start.ts";
import type { Logger } from "./shared/log.ts";
import { createToken, readToken } from "./staff/tokens.ts";
import { ensurePortal } from "./stripe/portal.ts";
import { ensureProduct } from "./stripe/product.ts";

/** What `npm start` adds in development; loaded by nothing else, and never in production. */
export interface SandboxStart {
  readonly sandbox: Sandbox;
  routes(http: Composed): AppParts["extra"];
  /** Last steps once requests are answered: events flow, and the addresses are told. */
  ready(http: Composed): Promise<void>;
}

export async function sandboxStart(config: Config, log: Logger): Promise<SandboxStart> {
  const sandbox = await startSandbox(config, log);
  return {
    sandbox,
    routes: (http) => [
      demoRoutes(http.deps, { simulatedStripe: sandbox.stripe !== null }),
      ...(sandbox.stripe === null ? [] : [controlRoutes(http.deps, sandbox.stripe)]),
      ...(sandbox.mail === null ? [] : [mailboxRoutes(http.deps, sandbox.mail)]),
    ],
    ready: async (http) => {
      if (sandbox.embeddedDatabase) await releaseDeadClaims(http.deps.db);
      if (sandbox.stripe !== null) {
        const { stripe_product, terms } = http.deps.newsroom();
        await ensureProduct(http.deps.stripe, stripe_product);
        await ensurePortal(http.deps.stripe, terms);
      }
      process.stdout.write(banner(sandbox, await staffToken(config.dataDir, http)));
    },
  };
}

/** The token of the last start as long as it is valid, so that what was noted down goes on working. */
async function staffToken(dataDir: string, http: Composed): Promise<string> {
  const kept = keptSecret(dataDir, "staff-token", () => "none");
  if ((await readToken(http.deps.db, kept)) !== null) return kept;
  const token = await createToken(http.deps.db, { role: "admin" });
  writeSecret(dataDir, "staff-token", token);
  return token;
}

function banner(sandbox: Sandbox, token: string): string {
  const { config, stripe, mail } = sandbox;
  const standIns = [
    ...(sandbox.embeddedDatabase ? ["embedded Postgres"] : []),
    ...(stripe === null ? [] : ["simulated Stripe"]),
    ...(mail === null ? [] : ["caught mail"]),
  ];
  const unreal = stripe === null ? "" : ": no real money moves";
  return `
  Reader donations, on this machine${standIns.length > 0 ? ` (${standIns.join(", ")}${unreal})` : ""}

    Give:      ${config.publicUrl}/${mail === null ? "" : `\n    Mail:      ${config.publicUrl}/sandbox/mailbox`}
    Staff:     ${config.publicUrl}/finance (first: npm run donations -- staff add me@example.org --role admin)
    Report:    curl -H "Authorization: Bearer ${token}" "${config.publicUrl}/v1/reports/summary"
    As CSV:    curl -H "Authorization: Bearer ${token}" "${config.publicUrl}/v1/reports/payments.csv"
    Reports full of made-up gifts: npm run donations -- sample-data
    A month on: curl -X POST -H "Content-Type: application/json" -d '{"days":31}' ${config.publicUrl}/sandbox/stripe/advance

    Staff token: ${token}
    Data is kept in ${config.dataDir}. Ctrl-C stops everything.

`;
}
