import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { SECRETS } from "../../src/config/read.ts";
import { readConfig } from "../../src/config.ts";
import { SetupError } from "../../src/shared/errors.ts";

type Env = Record<string, string>;

const KEY = Buffer.from(Array.from({ length: 32 }, (_, index) => index + 1)).toString("base64");
const OTHER_KEY = Buffer.from(Array.from({ length: 32 }, (_, index) => 200 - index)).toString("base64");

const PRODUCTION: Env = {
  NODE_ENV: "production",
  DATABASE_URL: "postgres://app:hunter2@db.internal:5432/donations",
  STRIPE_SECRET_KEY: "sk_live_51Abcdefghijk",
  STRIPE_WEBHOOK_SECRET: "whsec_first,whsec_second",
  SMTP_URL: "smtps://mailer:hunter2@mail.internal:465",
  DATA_KEYS: `2026-11:${KEY},2025-11:${OTHER_KEY}`,
  PUBLIC_URL: "https://give.example.org/",
};

let directory = "";
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), "config-"));
});
afterAll(() => rmSync(directory, { recursive: true }));

/** The faults of an environment; fails when there are none. */
function faultsOf(env: Env): readonly string[] {
  try {
    readConfig(env);
  } catch (error) {
    expect(error).toBeInstanceOf(SetupError);
    return (error as SetupError).faults;
  }
  return expect.unreachable("the environment has no fault");
}

const keysOf = (faults: readonly string[]) => faults.map((fault) => fault.slice(0, fault.indexOf(":")));

function file(content: string): string {
  const path = join(directory, `${Math.random()}`);
  writeFileSync(path, content);
  return path;
}

describe("a fit environment", () => {
  test("nothing at all is a development environment with stand-ins", () => {
    expect(readConfig({})).toEqual({
      environment: "development",
      databaseUrl: null,
      databaseDirectUrl: null,
      reportsDatabaseUrl: null,
      stripe: { secretKey: null, webhookSecrets: [], apiBase: null },
      smtpUrl: null,
      dataKeys: null,
      publicUrl: "http://localhost:3000",
      host: "127.0.0.1",
      port: 3000,
      sandboxStripePort: 3001,
      dataDir: resolve(".data"),
      newsroomConfig: resolve("config/newsroom.yaml"),
      trustProxy: null,
      countryHeader: null,
    });
  });

  test("production with everything set", () => {
    const config = readConfig({ ...PRODUCTION, TRUST_PROXY: "1", COUNTRY_HEADER: "CF-IPCountry", HOST: "0.0.0.0" });
    expect(config).toMatchObject({
      environment: "production",
      databaseUrl: PRODUCTION.DATABASE_URL,
      stripe: { secretKey: "sk_live_51Abcdefghijk", webhookSecrets: ["whsec_first", "whsec_second"], apiBase: null },
      publicUrl: "https://give.example.org",
      trustProxy: 1,
      countryHeader: "cf-ipcountry",
      host: "0.0.0.0",
    });
    expect(config.dataKeys?.map(({ id }) => id)).toEqual(["2026-11", "2025-11"]);
    expect(config.dataKeys?.[0]?.key).toEqual(Buffer.from(KEY, "base64"));
  });

  test("the addresses follow PORT unless they are given", () => {
    expect(readConfig({ PORT: "8080" })).toMatchObject({
      port: 8080,
      publicUrl: "http://localhost:8080",
      sandboxStripePort: 8081,
    });
    expect(
      readConfig({ PORT: "8080", SANDBOX_STRIPE_PORT: "9000", PUBLIC_URL: "http://10.0.0.5:8080/gifts/" }),
    ).toMatchObject({
      publicUrl: "http://10.0.0.5:8080/gifts",
      sandboxStripePort: 9000,
    });
  });

  test.each(["http://127.0.0.1:3001", "http://localhost:3001/", "http://[::1]:3001", "https://api.stripe.com"])(
    "Stripe may be at %s, also in production",
    (base) => {
      expect(readConfig({ ...PRODUCTION, STRIPE_API_BASE: base }).stripe.apiBase).toEqual(new URL(base));
    },
  );

  test("a variable that a compose file passes along empty counts as unset in development", () => {
    expect(readConfig({ PORT: "", TRUST_PROXY: " ", COUNTRY_HEADER: "", NODE_ENV: "", PUBLIC_URL: "" })).toEqual(
      readConfig({}),
    );
  });

  test.each(["test", "development"])("NODE_ENV=%s is development", (name) => {
    expect(readConfig({ NODE_ENV: name }).environment).toBe("development");
  });

  test("a test key is welcome outside production, a restricted live key inside it", () => {
    expect(readConfig({ STRIPE_SECRET_KEY: "sk_test_123" }).stripe.secretKey).toBe("sk_test_123");
    expect(readConfig({ ...PRODUCTION, STRIPE_SECRET_KEY: "rk_live_123" }).stripe.secretKey).toBe("rk_live_123");
  });
});

describe("secrets from files", () => {
  test("every secret can be one", () => {
    const env: Env = { ...PRODUCTION };
    for (const key of ["DATABASE_URL", "STRIPE_SECRET_KEY", "STRIPE_WEBHOOK_SECRET", "SMTP_URL", "DATA_KEYS"]) {
      env[`${key}_FILE`] = file(`${env[key]}\n`);
      delete env[key];
    }
    env.REPORTS_DATABASE_URL_FILE = file("postgres://r@replica/donations\n");
    env.DATABASE_DIRECT_URL_FILE = file("postgres://d@direct/donations\r\n");
    expect(readConfig(env)).toEqual(
      readConfig({
        ...PRODUCTION,
        REPORTS_DATABASE_URL: "postgres://r@replica/donations",
        DATABASE_DIRECT_URL: "postgres://d@direct/donations",
      }),
    );
  });

  test.each(SECRETS)("%s given twice, unreadable or blank is a fault by name", (key) => {
    const twice = faultsOf({ ...PRODUCTION, [key]: "hunter2", [`${key}_FILE`]: file("hunter2") });
    expect(twice).toContainEqual(expect.stringMatching(new RegExp(`^${key}: is given twice, also as ${key}_FILE`)));
    expect(twice.join()).not.toContain("hunter2");

    const { [key]: _, ...rest } = PRODUCTION;
    const absent = join(directory, "hunter2-is-not-here");
    expect(faultsOf({ ...rest, [`${key}_FILE`]: absent })).toEqual([
      `${key}_FILE: names a file that can't be read (ENOENT)`,
    ]);
    expect(faultsOf({ ...rest, [`${key}_FILE`]: directory })).toEqual([
      `${key}_FILE: names a file that can't be read (EISDIR)`,
    ]);
    expect(faultsOf({ ...rest, [`${key}_FILE`]: file(" \n") })).toEqual([`${key}_FILE: names a file that is blank`]);
    expect(faultsOf({ ...rest, [`${key}_FILE`]: "" })[0]).toMatch(`${key}_FILE: is set but blank`);
  });
});

describe("production", () => {
  test("whatever is missing is named at once", () => {
    expect(keysOf(faultsOf({ NODE_ENV: "production" }))).toEqual([
      "DATABASE_URL",
      "STRIPE_SECRET_KEY",
      "STRIPE_WEBHOOK_SECRET",
      "SMTP_URL",
      "DATA_KEYS",
      "PUBLIC_URL",
    ]);
  });

  test("whatever is blank is named at once", () => {
    const blank = Object.fromEntries(Object.keys(PRODUCTION).map((key) => [key, " "]));
    const faults = faultsOf({
      ...blank,
      NODE_ENV: "production",
      PORT: "",
      HOST: "",
      TRUST_PROXY: "",
      COUNTRY_HEADER: "",
    });
    expect(keysOf(faults).sort()).toEqual(
      [
        ...Object.keys(PRODUCTION).filter((key) => key !== "NODE_ENV"),
        "PORT",
        "HOST",
        "TRUST_PROXY",
        "COUNTRY_HEADER",
      ].sort(),
    );
    for (const fault of faults) expect(fault).toContain("is set but blank");
  });

  test.each([
    ["STRIPE_SECRET_KEY", "sk_test_hunter2"],
    ["STRIPE_SECRET_KEY", "rk_test_hunter2"],
    ["STRIPE_WEBHOOK_SECRET", "whsec_sandbox_hunter2"],
    ["STRIPE_WEBHOOK_SECRET", "whsec_good,whsec_sandbox_hunter2"],
    ["PUBLIC_URL", "http://hunter2.example.org"],
    ["PUBLIC_URL", "http://localhost:3000"],
    ["PUBLIC_URL", "https://localhost"],
    ["PUBLIC_URL", "https://127.0.0.1:3000"],
    ["PUBLIC_URL", "https://[::1]:3000"],
    ["STRIPE_API_BASE", "http://hunter2.example.org"],
  ])("a sandbox value of %s is refused: %s", (key, value) => {
    const faults = faultsOf({ ...PRODUCTION, [key]: value });
    expect(keysOf(faults)).toEqual([key]);
    expect(faults.join()).not.toContain("hunter2");
  });

  test("sandbox values are all named at once", () => {
    const faults = faultsOf({
      ...PRODUCTION,
      STRIPE_SECRET_KEY: "sk_test_1",
      STRIPE_WEBHOOK_SECRET: "whsec_sandbox",
      PUBLIC_URL: "http://localhost:3000",
    });
    expect(keysOf(faults).sort()).toEqual(["PUBLIC_URL", "STRIPE_SECRET_KEY", "STRIPE_WEBHOOK_SECRET"]);
  });

  test("the simulated Stripe's port is not used there", () => {
    expect(readConfig({ ...PRODUCTION, SANDBOX_STRIPE_PORT: "nonsense", PORT: "65535" }).port).toBe(65_535);
  });
});

describe("what is malformed", () => {
  test.each([
    ["NODE_ENV", "prod"],
    ["NODE_ENV", "Production"],
    ["DATABASE_URL", "mysql://hunter2@db/x"],
    ["DATABASE_URL", "hunter2"],
    ["DATABASE_URL", "postgres:///hunter2"],
    ["SMTP_URL", "https://hunter2@mail"],
    ["SMTP_URL", "hunter2"],
    ["STRIPE_SECRET_KEY", "pk_live_hunter2"],
    ["STRIPE_SECRET_KEY", "hunter2"],
    ["STRIPE_SECRET_KEY", "sk_test_hunter2 sk_test_2"],
    ["STRIPE_WEBHOOK_SECRET", "hunter2"],
    ["STRIPE_WEBHOOK_SECRET", "whsec_hunter2,,whsec_2"],
    ["STRIPE_WEBHOOK_SECRET", "whsec_hunter2,"],
    ["STRIPE_API_BASE", "ftp://localhost"],
    ["STRIPE_API_BASE", "https://api.stripe.com.hunter2.org"],
    ["STRIPE_API_BASE", "https://notstripe.com"],
    ["STRIPE_API_BASE", "http://api.stripe.com"],
    ["STRIPE_API_BASE", "http://127.0.0.1.hunter2.org"],
    ["STRIPE_API_BASE", "http://localhost:1/hunter2"],
    ["DATA_KEYS", "hunter2"],
    ["DATA_KEYS", `a:${KEY.slice(4)}`],
    ["DATA_KEYS", `a:${KEY},a:${OTHER_KEY}`],
    ["DATA_KEYS", `a:${KEY},b:${KEY}`],
    ["DATA_KEYS", `a:${KEY},`],
    ["DATA_KEYS", `a b:${KEY}`],
    ["DATA_KEYS", `a:${Buffer.alloc(32).toString("base64")}`],
    ["PUBLIC_URL", "give.example.org"],
    ["PUBLIC_URL", "javascript:alert(1)"],
    ["PUBLIC_URL", "https://hunter2@give.example.org"],
    ["PUBLIC_URL", "https://give.example.org/?hunter2"],
    ["PORT", "0"],
    ["PORT", "65536"],
    ["PORT", "80a"],
    ["PORT", "3e3"],
    ["PORT", "-1"],
    ["HOST", "localhost:3000"],
    ["HOST", "not a host"],
    ["SANDBOX_STRIPE_PORT", "3000"],
    ["SANDBOX_STRIPE_PORT", "99999"],
    ["TRUST_PROXY", "true"],
    ["TRUST_PROXY", "11"],
    ["TRUST_PROXY", "1.5"],
    ["COUNTRY_HEADER", "not a header"],
    ["NEWSROOM_CONFIG", "a\0b"],
  ])("%s=%s", (key, value) => {
    const faults = faultsOf({ [key]: value });
    expect([...new Set(keysOf(faults))]).toEqual([key]);
    expect(faults.join()).not.toMatch(/hunter2|AQIDBAUG/);
  });

  test.each(SECRETS)("a blank %s is no way to unset it", (key) => {
    expect(faultsOf({ [key]: "" })).toContain(`${key}: is set but blank; give it a value or unset it`);
  });

  test("a live key outside production is refused", () => {
    for (const key of ["sk_live_hunter2", "rk_live_hunter2"]) {
      expect(faultsOf({ STRIPE_SECRET_KEY: key })).toEqual([
        expect.stringMatching(/^STRIPE_SECRET_KEY: is a live key/),
      ]);
    }
  });

  test("a second database without a first one is refused", () => {
    expect(
      keysOf(faultsOf({ DATABASE_DIRECT_URL: "postgres://db/x", REPORTS_DATABASE_URL: "postgres://db/x" })),
    ).toEqual(["DATABASE_DIRECT_URL", "REPORTS_DATABASE_URL"]);
  });

  test("the port above 65535 has to be chosen", () => {
    expect(keysOf(faultsOf({ PORT: "65535" }))).toEqual(["SANDBOX_STRIPE_PORT"]);
  });

  test("everything at once: each key is named and no value is shown", () => {
    const keys = [
      ...SECRETS,
      "PORT",
      "HOST",
      "PUBLIC_URL",
      "STRIPE_API_BASE",
      "TRUST_PROXY",
      "COUNTRY_HEADER",
      "NODE_ENV",
    ];
    const secret = "hunter2 swordfish";
    const faults = faultsOf(Object.fromEntries(keys.map((key) => [key, `${secret} ${key}-value`])));
    expect([...new Set(keysOf(faults))].sort()).toEqual([...keys].sort());
    const error = new SetupError(faults);
    for (const text of [error.message, error.stack ?? "", JSON.stringify(error)]) {
      expect(text).not.toMatch(/hunter2|swordfish|-value/);
    }
  });
});
