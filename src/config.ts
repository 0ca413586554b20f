import { resolve } from "node:path";
import { type EnvReader, envReader } from "./config/read.ts";
import * as values from "./config/values.ts";
import { SetupError } from "./shared/errors.ts";

export type { DataKey } from "./config/values.ts";

/** What the environment says. Secrets are in here: never log it, nor a part of it. */
export interface Config {
  readonly environment: "development" | "production";
  /** Null in development means the embedded database. */
  readonly databaseUrl: string | null;
  readonly databaseDirectUrl: string | null;
  readonly reportsDatabaseUrl: string | null;
  readonly stripe: {
    /** Null means the simulated Stripe. */
    readonly secretKey: string | null;
    /** More than one while a secret is rotated; empty in development means that one has to be made up. */
    readonly webhookSecrets: readonly string[];
    /** Null means Stripe's own. */
    readonly apiBase: URL | null;
  };
  /** Null means that mail is caught. */
  readonly smtpUrl: string | null;
  /** The first one encrypts, all of them decrypt; null in development means that one is made and kept in `dataDir`. */
  readonly dataKeys: readonly values.DataKey[] | null;
  /** Without a slash at the end. */
  readonly publicUrl: string;
  readonly host: string;
  readonly port: number;
  readonly sandboxStripePort: number;
  /** Absolute. */
  readonly dataDir: string;
  /** Absolute path of newsroom.yaml. */
  readonly newsroomConfig: string;
  /** How many proxies to trust; null when the variable is unset. */
  readonly trustProxy: number | null;
  /** Lower-case name of the header in which a CDN tells the reader's country. */
  readonly countryHeader: string | null;
}

const PROJECT = resolve(import.meta.dirname, "..");
const REQUIRED_IN_PRODUCTION = [
  "DATABASE_URL",
  "STRIPE_SECRET_KEY",
  "STRIPE_WEBHOOK_SECRET",
  "SMTP_URL",
  "DATA_KEYS",
  "PUBLIC_URL",
];

/**
 * Reads the environment: the only place that does. Throws a SetupError with every fault at once, each as
 * `NAME: what is wrong`, never with a value.
 */
export function readConfig(env: NodeJS.ProcessEnv = process.env): Config {
  const production = env.NODE_ENV?.trim() === "production";
  const reader = envReader(env, production);
  const config = readAll(reader);
  if (production) refuseSandboxValues(reader, config);
  else if (/^[sr]k_live_/.test(config.stripe.secretKey ?? "")) {
    reader.fault("STRIPE_SECRET_KEY", "is a live key outside production; use a test key or set NODE_ENV=production");
  }
  if (config.databaseUrl === null && !reader.given("DATABASE_URL")) {
    for (const key of ["DATABASE_DIRECT_URL", "REPORTS_DATABASE_URL"]) {
      if (reader.given(key)) reader.fault(key, "is of no use without DATABASE_URL; set that too");
    }
  }
  if (reader.faults.length > 0) throw new SetupError(reader.faults);
  return Object.freeze(config);
}

function readAll(reader: EnvReader): Config {
  const environment = reader.read("NODE_ENV", values.environment) ?? "development";
  const port = reader.read("PORT", values.port) ?? 3000;
  const publicUrl = reader.read("PUBLIC_URL", values.publicUrl);
  return {
    environment,
    databaseUrl: reader.read("DATABASE_URL", values.postgresUrl),
    databaseDirectUrl: reader.read("DATABASE_DIRECT_URL", values.postgresUrl),
    reportsDatabaseUrl: reader.read("REPORTS_DATABASE_URL", values.postgresUrl),
    stripe: {
      secretKey: reader.read("STRIPE_SECRET_KEY", values.stripeKey),
      webhookSecrets: reader.read("STRIPE_WEBHOOK_SECRET", values.webhookSecrets) ?? [],
      apiBase: reader.read("STRIPE_API_BASE", values.stripeApiBase),
    },
    smtpUrl: reader.read("SMTP_URL", values.smtpUrl),
    dataKeys: reader.read("DATA_KEYS", values.dataKeys),
    publicUrl: publicUrl === null ? `http://localhost:${port}` : publicUrl.href.replace(/\/+$/, ""),
    host: reader.read("HOST", values.host) ?? "127.0.0.1",
    port,
    sandboxStripePort: environment === "production" ? port + 1 : sandboxPort(reader, port),
    dataDir: resolve(reader.read("DATA_DIR", values.path) ?? resolve(PROJECT, ".data")),
    newsroomConfig: resolve(reader.read("NEWSROOM_CONFIG", values.path) ?? resolve(PROJECT, "config/newsroom.yaml")),
    trustProxy: reader.read("TRUST_PROXY", values.proxies),
    countryHeader: reader.read("COUNTRY_HEADER", values.headerName),
  };
}

function sandboxPort(reader: EnvReader, port: number): number {
  const given = reader.read("SANDBOX_STRIPE_PORT", values.port);
  if (given === port) reader.fault("SANDBOX_STRIPE_PORT", "is the same as PORT; choose another one");
  if (given === null && port === 65_535) reader.fault("SANDBOX_STRIPE_PORT", "has no default above PORT 65535; set it");
  return given ?? port + 1;
}

function refuseSandboxValues(reader: EnvReader, config: Config): void {
  for (const key of REQUIRED_IN_PRODUCTION) {
    if (!reader.given(key)) reader.fault(key, "is missing; production needs it");
  }
  if (/^[sr]k_test_/.test(config.stripe.secretKey ?? "")) {
    reader.fault("STRIPE_SECRET_KEY", "is a test key; production needs a live one");
  }
  if (config.stripe.webhookSecrets.some((secret) => secret.startsWith("whsec_sandbox"))) {
    reader.fault("STRIPE_WEBHOOK_SECRET", "is the simulated Stripe's; take the endpoint's from Stripe's dashboard");
  }
  if (!reader.given("PUBLIC_URL") || reader.faults.some((fault) => fault.startsWith("PUBLIC_URL:"))) return;
  const address = new URL(config.publicUrl);
  if (values.isLoopback(address)) reader.fault("PUBLIC_URL", "is an address on this machine; readers can't open it");
  else if (address.protocol === "http:") reader.fault("PUBLIC_URL", "must begin with https:// in production");
}
