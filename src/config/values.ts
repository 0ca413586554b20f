import { isIP } from "node:net";
import { z } from "zod";

/*
 * What each variable may look like. A message says what was expected and never repeats what was given: it ends up on
 * a terminal and in logs.
 */

export interface DataKey {
  readonly id: string;
  /** 32 bytes, for AES-256. */
  readonly key: Buffer;
}

export function isLoopback(url: URL): boolean {
  const host = url.hostname.replace(/^\[|\]$/g, "").toLowerCase();
  return host === "localhost" || host.endsWith(".localhost") || host === "::1" || /^127\.\d+\.\d+\.\d+$/.test(host);
}

const url = (expected: string, accept: (url: URL) => boolean) =>
  z.string().transform((text, context): URL => {
    const parsed = URL.canParse(text) ? new URL(text) : null;
    if (parsed && accept(parsed)) return parsed;
    context.addIssue(expected);
    return z.NEVER;
  });

const POSTGRES = "expected a URL like postgres://user:password@host:5432/database";

export const postgresUrl = z.string().superRefine((text, context) => {
  const parsed = URL.canParse(text) ? new URL(text) : null;
  const fits = parsed !== null && ["postgres:", "postgresql:"].includes(parsed.protocol);
  // A Unix socket is named by ?host=/path instead of a host.
  if (!fits || (parsed.hostname === "" && !parsed.searchParams.has("host"))) context.addIssue(POSTGRES);
});

export const smtpUrl = z.string().superRefine((text, context) => {
  const parsed = URL.canParse(text) ? new URL(text) : null;
  if (!parsed || !["smtp:", "smtps:"].includes(parsed.protocol) || parsed.hostname === "") {
    context.addIssue("expected a URL like smtps://user:password@host:465");
  }
});

export const stripeKey = z
  .string()
  .regex(/^[sr]k_(?:live|test)_\w+$/, "expected a secret or restricted key: it begins with sk_ or rk_");

export const webhookSecrets = z.string().transform((text, context) => {
  const secrets = text.split(",").map((secret) => secret.trim());
  if (secrets.some((secret) => secret === "")) context.addIssue("one of the secrets between the commas is blank");
  else if (!secrets.every((secret) => /^whsec_\S+$/.test(secret))) {
    context.addIssue("expected signing secrets that begin with whsec_, separated by commas");
  }
  return secrets;
});

export const stripeApiBase = url("expected https://api.stripe.com or a server on this machine", (given) => {
  const plain = given.username === "" && given.search === "" && given.hash === "" && given.pathname === "/";
  const stripes = given.protocol === "https:" && /(?:^|\.)stripe\.com$/.test(given.hostname);
  return plain && (stripes || (isLoopback(given) && ["http:", "https:"].includes(given.protocol)));
});

export const publicUrl = url("expected an address like https://give.example.org", (given) => {
  const plain = given.username === "" && given.password === "" && given.search === "" && given.hash === "";
  return plain && ["http:", "https:"].includes(given.protocol);
});

export const dataKeys = z.string().transform((text, context): readonly DataKey[] => {
  const keys: DataKey[] = [];
  for (const part of text.split(",").map((piece) => piece.trim())) {
    const [, id, encoded] = /^([A-Za-z0-9_-]{1,32}):([A-Za-z0-9+/_-]{43}=?)$/.exec(part) ?? [];
    const key = Buffer.from(encoded ?? "", "base64");
    if (id !== undefined && key.length === 32) keys.push({ id, key });
    else context.addIssue("expected id:key[,id:key…], each key 32 bytes in base64 (openssl rand -base64 32)");
  }
  if (new Set(keys.map(({ id }) => id)).size < keys.length) context.addIssue("two keys have the same id");
  if (new Set(keys.map(({ key }) => key.toString("hex"))).size < keys.length) context.addIssue("a key is listed twice");
  if (keys.some(({ key }) => new Set(key).size === 1))
    context.addIssue("a key is one byte repeated; make a random one");
  return keys;
});

const wholeNumber = (low: number, high: number) =>
  z
    .string()
    .regex(/^\d{1,5}$/, `expected a whole number from ${low} to ${high}`)
    .transform(Number)
    .refine((number) => number >= low && number <= high, `expected a whole number from ${low} to ${high}`);

export const port = wholeNumber(1, 65_535);
export const proxies = wholeNumber(0, 10);

export const host = z
  .string()
  .refine((text) => isIP(text) !== 0 || /^[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?$/.test(text), {
    error: "expected an IP address or a host name to listen on, without a port",
  });

export const headerName = z
  .string()
  .regex(/^[A-Za-z0-9-]{1,64}$/, "expected the name of a header, such as CF-IPCountry")
  .transform((name) => name.toLowerCase());

export const path = z.string().refine((text) => !text.includes("\0"), "expected a path");

export const environment = z
  .enum(["production", "development", "test"], "expected production, development or test")
  .transform((name): "production" | "development" => (name === "production" ? "production" : "development"));
