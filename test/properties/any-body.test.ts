import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { startApp, type TestApp } from "../support/app.ts";
import { seed } from "../support/seed.ts";

let app: TestApp;
beforeAll(async () => {
  app = await startApp();
});
afterAll(() => app.close());

const RUNS = { numRuns: 300, seed };

const text = fc.oneof(
  { weight: 12, arbitrary: fc.constantFrom("", " ", "winter", "de", "https://a.example/?q=1#x", "a@b.example") },
  fc.string({ unit: "binary", maxLength: 40 }),
  fc.string({ maxLength: 40 }),
  fc.constantFrom(
    "",
    " ",
    "on",
    "true",
    "null",
    "0",
    "de",
    "en-u-nu-arab",
    "https://a.example/?q=1#x",
    "a@b.example",
    "\0",
    "\ud800",
    "\udfff",
    "__proto__",
    "=1+1",
    "{}",
    "%",
  ),
);
const amount = fc.oneof(
  fc.integer({ min: 1, max: 1_200_000 }),
  fc.integer(),
  fc.double(),
  fc.constantFrom(0, -0, 1e21, 2 ** 53, Number.MAX_VALUE, 1e-9, 99, 100, 50_000),
);
/** What a client could mean, and whatever else it could send in its place. */
const wild = <T>(meant: fc.Arbitrary<T>) =>
  fc.oneof({ weight: 15, arbitrary: meant }, { weight: 1, arbitrary: fc.jsonValue({ maxDepth: 3 }) });
const currency = fc.constantFrom("USD", "eur", "ISK", "JPY", "GBP", "CHF", "ZZZ", "KWD", "US");
const address = fc.constantFrom("", "https://a.example/b?c=1#d", "http://u:p@a.example", "HTTPS://ä.example/%ff");
const frequency = fc.constantFrom("once", "monthly", "annual");

const attribution = fc.record(
  {
    article_url: wild(address),
    referrer: wild(address),
    article_id: wild(text),
    campaign: wild(text),
    placement: wild(text),
    variant: wild(text),
    utm_source: wild(text),
    utm_medium: wild(text),
    utm_campaign: wild(text),
    utm_content: wild(text),
    utm_term: wild(text),
  },
  { requiredKeys: [] },
);
/** All of it as meant: enough of these reach every layer in any run, whatever its seed. */
const good = fc.record({
  frequency,
  amount: fc.integer({ min: 10, max: 500 }).map((dollars) => dollars * 100),
  currency: fc.constant("USD"),
  cover_fees: fc.boolean(),
  email: fc.constantFrom("", "a@b.example"),
});
const odd = fc.record(
  {
    frequency: wild(frequency),
    amount: wild(amount),
    currency: wild(currency),
    cover_fees: wild(fc.boolean()),
    email: wild(fc.constantFrom("", " ", "a@b.example", "A@B.example ")),
    locale: wild(text),
    country: wild(fc.constantFrom("DE", "us", "XX")),
    discreet: wild(fc.boolean()),
    no_mail: wild(fc.boolean()),
    newsletter: wild(fc.boolean()),
    country_acknowledged: wild(fc.boolean()),
    terms_version: wild(text),
    captcha_token: wild(text),
    reminder_token: wild(text),
    attribution: wild(attribution),
  },
  { requiredKeys: ["frequency", "amount", "currency"] },
);
const body: fc.Arbitrary<Readonly<Record<string, unknown>>> = fc.oneof(
  { weight: 1, arbitrary: good },
  { weight: 4, arbitrary: odd },
);

async function statusOf(sent: string | Uint8Array, contentType: string): Promise<number> {
  const answer = await fetch(`${app.url}/v1/checkout-sessions`, {
    method: "POST",
    headers: { "content-type": contentType },
    body: sent as BodyInit,
    redirect: "manual",
  });
  await answer.arrayBuffer();
  return answer.status;
}

async function never5xx(sent: string | Uint8Array, contentType: string): Promise<number> {
  const status = await statusOf(sent, contentType);
  expect(status).toBeGreaterThanOrEqual(200);
  expect(status, app.logged().split("\n").at(-2)).toBeLessThan(500);
  return status;
}

const FORM = "application/x-www-form-urlencoded";

test("any JSON is taken or refused, and never breaks anything", async () => {
  const seen = new Set<number>();
  await fc.assert(
    fc.asyncProperty(
      fc.oneof({ weight: 5, arbitrary: body }, { weight: 1, arbitrary: fc.jsonValue() }),
      async (value) => {
        seen.add(await never5xx(JSON.stringify(value), "application/json"));
      },
    ),
    RUNS,
  );
  expect([...seen].sort()).toEqual(expect.arrayContaining([201, 400, 422]));
});

test("any form is taken or refused, and never breaks anything", async () => {
  const seen = new Set<number>();
  const stray = fc.oneof({ weight: 4, arbitrary: fc.constant([]) }, fc.array(fc.tuple(text, text), { maxLength: 3 }));
  const typed = fc.option(fc.oneof(fc.constantFrom("25", "25,50", "1.000,00", "£5"), text), { freq: 4 });
  const forms = fc.tuple(body, stray, typed).map(([fields, more, other]) => {
    const pairs = Object.entries(fields).flatMap(([name, value]): [string, string][] => {
      if (typeof value !== "object" || value === null)
        return value === false ? [] : [[name, value === true ? "on" : String(value)]];
      return Object.entries(value).map(([key, inner]) => [
        `${name}[${key}]`,
        typeof inner === "object" ? JSON.stringify(inner) : String(inner),
      ]);
    });
    return new URLSearchParams([...pairs, ...more, ...(other === null ? [] : [["other_amount", other]])]).toString();
  });
  await fc.assert(
    fc.asyncProperty(forms, async (sent) => {
      seen.add(await never5xx(sent, FORM));
    }),
    RUNS,
  );
  expect([...seen].sort()).toEqual(expect.arrayContaining([303, 400, 422]));
});

test("any bytes under any content type are refused", async () => {
  const types = fc.oneof(
    fc.constantFrom(
      "application/json",
      FORM,
      "application/json; charset=utf-16",
      `${FORM}; charset=latin1`,
      "text/html",
    ),
    fc.string({ maxLength: 20, unit: fc.constantFrom(...'abc/;=" ,*') }),
  );
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ maxLength: 200 }), types, async (sent, type) => {
      expect(await never5xx(sent, type)).toBeGreaterThanOrEqual(400);
    }),
    RUNS,
  );
});
