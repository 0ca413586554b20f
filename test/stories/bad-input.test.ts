import { request } from "node:http";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startApp, type TestApp } from "../support/app.ts";
import { start } from "../support/giving.ts";
import { type ExpectedProblem, expectProblem, MARKER } from "../support/problems.ts";

let app: TestApp;
beforeAll(async () => {
  app = await startApp();
});
afterAll(() => app.close());

const ROUTE = "/v1/checkout-sessions";
const GOOD = { frequency: "once", amount: 2500, currency: "USD", email: MARKER };
const invalid = (...paths: string[]): ExpectedProblem => ({ status: 400, code: "invalid_request", paths });
const refused = (code: string, path: string): ExpectedProblem => ({ status: 422, code, paths: [path] });

async function donations(): Promise<number> {
  const { n } = await app.db
    .selectFrom("donations")
    .select(({ fn }) => fn.countAll<number>().as("n"))
    .executeTakeFirstOrThrow();
  return n;
}

/** Sends a body as it is. */
function send(body: string | Uint8Array, headers: Record<string, string> = {}): Promise<Response> {
  return fetch(app.url + ROUTE, {
    method: "POST",
    headers: { "content-type": "application/json", ...headers },
    body: body as BodyInit,
    redirect: "manual",
  });
}

/** The body as text, with something put in that JSON.stringify would not write. */
function jsonWith(member: string): string {
  return `${JSON.stringify(GOOD).slice(0, -1)},${member}}`;
}

test("what the refusals are compared with: this body is taken", async () => {
  expect((await start(app, GOOD)).status).toBe(201);
});

const STRINGS = ["locale", "terms_version", "captcha_token", "reminder_token"];
const ATTRIBUTION = [
  ...["article_url", "article_id", "campaign", "placement", "variant", "referrer"],
  ...["utm_source", "utm_medium", "utm_campaign", "utm_content", "utm_term"],
];
const FLAGS = ["cover_fees", "discreet", "newsletter", "no_mail", "country_acknowledged"];

describe("a JSON body", () => {
  const without = (key: string) => Object.fromEntries(Object.entries(GOOD).filter(([name]) => name !== key));
  const cases: [string, object, ExpectedProblem][] = [
    ["no frequency", without("frequency"), invalid("frequency")],
    ["no amount", without("amount"), invalid("amount")],
    ["no currency", without("currency"), invalid("currency")],
    ["nothing at all", {}, invalid("frequency", "amount", "currency")],
    ["a frequency that isn't offered", { ...GOOD, frequency: MARKER }, invalid("frequency")],
    ["a frequency in capitals", { ...GOOD, frequency: "ONCE" }, invalid("frequency")],
    ["a prototype's name as frequency", { ...GOOD, frequency: "constructor" }, invalid("frequency")],
    ["amount 0", { ...GOOD, amount: 0 }, invalid("amount")],
    ["amount −1", { ...GOOD, amount: -1 }, invalid("amount")],
    ["amount 1.5", { ...GOOD, amount: 1.5 }, invalid("amount")],
    ["amount 2500.5", { ...GOOD, amount: 2500.5 }, invalid("amount")],
    ['amount "5"', { ...GOOD, amount: "5" }, invalid("amount")],
    ["amount 1e21", { ...GOOD, amount: 1e21 }, invalid("amount")],
    ["an amount that no number holds exactly", { ...GOOD, amount: 2 ** 53 }, invalid("amount")],
    ["amount null (as NaN is written)", { ...GOOD, amount: Number.NaN }, invalid("amount")],
    ["a list as amount", { ...GOOD, amount: [2500] }, invalid("amount")],
    ["an amount below the least", { ...GOOD, amount: 299 }, refused("amount_below_minimum", "amount")],
    ["an amount above the most", { ...GOOD, amount: 1_000_001 }, refused("amount_above_maximum", "amount")],
    ["the largest exact number", { ...GOOD, amount: 2 ** 53 - 1 }, refused("amount_above_maximum", "amount")],
    [
      "a least of its own, monthly",
      { ...GOOD, frequency: "monthly", amount: 199 },
      refused("amount_below_minimum", "amount"),
    ],
    [
      "a most of its own, monthly",
      { ...GOOD, frequency: "monthly", amount: 100_001 },
      refused("amount_above_maximum", "amount"),
    ],
    [
      "a least of its own, annual",
      { ...GOOD, frequency: "annual", amount: 1999 },
      refused("amount_below_minimum", "amount"),
    ],
    ["ISK that isn't whole krónur", { ...GOOD, currency: "ISK", amount: 100_050 }, invalid("amount")],
    [
      "a currency that the newsroom doesn't take",
      { ...GOOD, currency: "CHF" },
      refused("currency_not_supported", "currency"),
    ],
    ["a currency that doesn't exist", { ...GOOD, currency: "ZZZ" }, refused("currency_not_supported", "currency")],
    ["a currency that isn't three letters", { ...GOOD, currency: "US$" }, invalid("currency")],
    ["a prototype's name as currency", { ...GOOD, currency: "toString" }, invalid("currency")],
    ["an e-mail address that is none", { ...GOOD, email: `${MARKER}@` }, invalid("email")],
    ["an endless e-mail address", { ...GOOD, email: `${"a".repeat(300)}${MARKER}` }, invalid("email")],
    ["a number as e-mail address", { ...GOOD, email: 5 }, invalid("email")],
    ["a country that isn't two letters", { ...GOOD, country: "DEU" }, invalid("country")],
    ["a number as country", { ...GOOD, country: 49 }, invalid("country")],
    ["an unknown field", { ...GOOD, tip: 5 }, invalid("tip")],
    ["an unknown field whose name names somebody", { ...GOOD, [MARKER]: 5 }, invalid("(a name that can't be shown)")],
    ["an unknown field in attribution", { ...GOOD, attribution: { email: MARKER } }, invalid("attribution.email")],
    ["a list as attribution", { ...GOOD, attribution: [MARKER] }, invalid("attribution")],
    ["text as attribution", { ...GOOD, attribution: MARKER }, invalid("attribution")],
    ["nothing as attribution", { ...GOOD, attribution: null }, invalid("attribution")],
    [
      "several faults at once",
      { ...GOOD, amount: "5", currency: 1, attribution: { campaign: 1 }, x: MARKER },
      invalid("amount", "currency", "attribution.campaign", "x"),
    ],
    ...STRINGS.map((key): [string, object, ExpectedProblem] => [
      `a number as ${key}`,
      { ...GOOD, [key]: 5 },
      invalid(key),
    ]),
    ...STRINGS.map((key): [string, object, ExpectedProblem] => [
      `an endless ${key}`,
      { ...GOOD, [key]: "a".repeat(5000) },
      invalid(key),
    ]),
    ...FLAGS.map((key): [string, object, ExpectedProblem] => [
      `text as ${key}`,
      { ...GOOD, [key]: "true" },
      invalid(key),
    ]),
    ...ATTRIBUTION.flatMap((key): [string, object, ExpectedProblem][] => [
      [`a list as ${key}`, { ...GOOD, attribution: { [key]: [MARKER] } }, invalid(`attribution.${key}`)],
      [
        `an endless ${key}`,
        { ...GOOD, attribution: { [key]: `https://a.example/${"a".repeat(1000)}` } },
        invalid(`attribution.${key}`),
      ],
    ]),
    ...["email", "country", "currency", "frequency", ...STRINGS].flatMap((key): [string, object, ExpectedProblem][] => [
      [`a NUL byte in ${key}`, { ...GOOD, [key]: "de\0" }, invalid(key)],
      [`half a character in ${key}`, { ...GOOD, [key]: "de\ud800" }, invalid(key)],
    ]),
    ...ATTRIBUTION.flatMap((key): [string, object, ExpectedProblem][] => [
      [
        `a NUL byte in ${key}`,
        { ...GOOD, attribution: { [key]: "https://a.example/\0" } },
        invalid(`attribution.${key}`),
      ],
      [
        `half a character in ${key}`,
        { ...GOOD, attribution: { [key]: "https://a.example/\udc00" } },
        invalid(`attribution.${key}`),
      ],
    ]),
    ...["article_url", "referrer"].flatMap((key) =>
      [
        "javascript:alert(1)",
        `data:text/html,${MARKER}`,
        `ftp://${MARKER}/a`,
        "//a.example/b",
        "/b",
        "a.example",
        "https://",
        `mailto:${MARKER}`,
        "file:///etc/passwd",
        "blob:https://a.example/1",
      ].map((address): [string, object, ExpectedProblem] => [
        `${key} ${address}`,
        { ...GOOD, attribution: { [key]: address } },
        invalid(`attribution.${key}`),
      ]),
    ),
  ];
  test.each(cases)("with %s", async (_name, body, expected) => {
    const before = await donations();
    await expectProblem(await start(app, body), expected);
    expect(await donations()).toBe(before);
  });

  const texts: [string, string, ExpectedProblem][] = [
    ["NaN", jsonWith('"amount":NaN'), invalid("")],
    ["a cut-off end", JSON.stringify(GOOD).slice(0, -1), invalid("")],
    ["single quotes", `{'email':'${MARKER}'}`, invalid("")],
    ["a word", MARKER, invalid("")],
    ["nothing", "", invalid("frequency", "amount", "currency")],
    ["null", "null", invalid("")],
    ["a number", "5", invalid("")],
    ["text", JSON.stringify(MARKER), invalid("")],
    ["a list", JSON.stringify([GOOD]), invalid("")],
    ["1 MB of JSON", jsonWith(`"locale":"${"a".repeat(1024 * 1024)}"`), { status: 413, code: "payload_too_large" }],
    ["1 MB that is no JSON", "[".repeat(1024 * 1024), { status: 413, code: "payload_too_large" }],
    ["10,000 lists in lists", "[".repeat(10_000) + "]".repeat(10_000), invalid("")],
    [
      "5,000 objects in objects",
      `${'{"a":'.repeat(5000)}1${"}".repeat(5000)}`,
      invalid("a", "amount", "currency", "frequency"),
    ],
    [
      "5,000 objects in attribution",
      jsonWith(`"attribution":${'{"a":'.repeat(5000)}1${"}".repeat(5000)}`),
      invalid("attribution.a"),
    ],
    [
      "10,000 lists in attribution",
      jsonWith(`"attribution":{"campaign":${"[".repeat(10_000)}${"]".repeat(10_000)}}`),
      invalid("attribution.campaign"),
    ],
    ["__proto__", jsonWith(`"__proto__":{"discreet":true}`), invalid("__proto__")],
    [
      "__proto__ in attribution",
      jsonWith(`"attribution":{"__proto__":{"campaign":"${MARKER}"}}`),
      invalid("attribution.__proto__"),
    ],
    [
      "__proto__ below a name that names somebody",
      jsonWith(`"${MARKER}":{"__proto__":1}`),
      invalid("(a name that can't be shown)", "(a name that can't be shown).__proto__"),
    ],
    ["constructor", jsonWith(`"constructor":{"prototype":{"amount":1}}`), invalid("constructor")],
    [
      "constructor in attribution",
      jsonWith(`"attribution":{"constructor":"${MARKER}"}`),
      invalid("attribution.constructor"),
    ],
    ["toString", jsonWith(`"toString":"${MARKER}"`), invalid("toString")],
    ["toString in attribution", jsonWith(`"attribution":{"toString":"${MARKER}"}`), invalid("attribution.toString")],
  ];
  test.each(texts)("of %s", async (_name, text, expected) => {
    await expectProblem(await send(text), expected);
    expect(({} as Record<string, unknown>).campaign).toBeUndefined();
  });

  test.each(["text/plain", "application/xml", "multipart/form-data; boundary=x", "application/vnd.api+json", "x"])(
    "sent as %s",
    async (type) => {
      await expectProblem(await send(JSON.stringify(GOOD), { "content-type": type }), invalid(""));
    },
  );

  test("in an encoding that isn't read, or that isn't what it says", async () => {
    await expectProblem(await send(JSON.stringify(GOOD), { "content-type": "application/json; charset=iso-8859-1" }), {
      status: 400,
      code: "invalid_request",
    });
    await expectProblem(await send(JSON.stringify(GOOD), { "content-encoding": "gzip" }), {
      status: 400,
      code: "invalid_request",
    });
  });

  test.each([
    ["", 400],
    ["x".repeat(256), 400],
    [`${MARKER} x`, 400],
  ])("under the Idempotency-Key “%s”", async (key) => {
    await expectProblem(await start(app, GOOD, { "idempotency-key": key }), invalid("Idempotency-Key"));
  });

  test("that is refused costs its Idempotency-Key nothing: mended, it is taken", async () => {
    const headers = { "idempotency-key": `mended ${MARKER}`.replaceAll(" ", "-") };
    await expectProblem(await start(app, { ...GOOD, amount: 1 }, headers), refused("amount_below_minimum", "amount"));
    expect((await start(app, GOOD, headers)).status).toBe(201);
    await expectProblem(await start(app, { ...GOOD, amount: 2600 }, headers), {
      status: 422,
      code: "idempotency_key_reused",
    });
  });
});

describe("a refusal in words", () => {
  test.each(["de", "xx-not-a-language", "en_US!", "a", "-", "%s", "ar-EG-u-nu-arab", "i-klingon"])(
    "for the locale “%s” names the limit",
    async (locale) => {
      const problem = await expectProblem(
        await start(app, { ...GOOD, amount: 1, locale }),
        refused("amount_below_minimum", "amount"),
      );
      expect(String(problem.detail)).toMatch(/3/);
    },
  );
});

describe("a form", () => {
  const fields = { frequency: "once", amount: "2500", currency: "USD", email: MARKER };
  const form = (text: string) => send(text, { "content-type": "application/x-www-form-urlencoded" });
  const encoded = new URLSearchParams(fields).toString();
  const withField = (name: string, value: string) => new URLSearchParams({ ...fields, [name]: value }).toString();

  test("as it should be leads to Stripe", async () => {
    const answer = await form(encoded);
    expect(answer.status).toBe(303);
    expect(answer.headers.get("location")).toContain(app.standIn.url);
  });

  const cases: [string, string, number][] = [
    ["nothing", "", 400],
    ["an unknown frequency", withField("frequency", "weekly"), 400],
    ["amount 0", withField("amount", "0"), 400],
    ["amount −1", withField("amount", "-1"), 400],
    ["amount 1.5", withField("amount", "1.5"), 400],
    ["amount 1e21", withField("amount", "1e21"), 400],
    ["amount NaN", withField("amount", "NaN"), 400],
    ["amount 0x10", withField("amount", "0x10"), 400],
    ["an amount below the least", withField("amount", "299"), 422],
    ["an amount above the most", withField("amount", "1000001"), 422],
    ["an endless amount", withField("amount", "9".repeat(400)), 400],
    ["a typed amount that is none", withField("other_amount", "5 or so"), 400],
    ["a currency that isn't taken", withField("currency", "CHF"), 422],
    ["a malformed currency", withField("currency", "dollars"), 400],
    ["an e-mail address that is none", withField("email", "ada@"), 400],
    ["an unknown field", withField("tip", "5"), 400],
    ["a flag that isn't “on”", withField("cover_fees", "perhaps"), 400],
    ["a frequency twice", `${encoded}&frequency=monthly`, 400],
    ["an amount twice", `${encoded}&amount=2600`, 400],
    ["an e-mail address twice", `${encoded}&email=b%40example.org`, 400],
    ["a list of attributions", `${encoded}&attribution[]=a`, 400],
    ["text as attribution", `${encoded}&attribution=a`, 400],
    ["an unknown attribution", `${encoded}&attribution[email]=a`, 400],
    ["a campaign twice", `${encoded}&attribution[campaign]=a&attribution[campaign]=b`, 400],
    ["an object as campaign", `${encoded}&attribution[campaign][x]=a`, 400],
    ["a script as article", `${encoded}&attribution[article_url]=javascript:alert(1)`, 400],
    ["a NUL byte", withField("locale", "de\0"), 400],
    ["a NUL byte in attribution", `${encoded}&attribution[campaign]=a%00b`, 400],
    ["a NUL byte in a name", `${encoded}&tip%00=1`, 400],
    ["a broken percent sign", `${encoded}&attribution[campaign]=%E0%A4%A&tip=%`, 400],
    ["__proto__", `${encoded}&__proto__=1`, 400],
    ["__proto__[x]", `${encoded}&__proto__[discreet]=true`, 400],
    ["attribution[__proto__]", `${encoded}&attribution[__proto__]=a`, 400],
    ["attribution[__proto__][campaign]", `${encoded}&attribution[__proto__][campaign]=a`, 400],
    ["constructor", `${encoded}&constructor=1`, 400],
    ["constructor[prototype][x]", `${encoded}&constructor[prototype][x]=1`, 400],
    ["attribution[constructor]", `${encoded}&attribution[constructor]=a`, 400],
    ["attribution[toString]", `${encoded}&attribution[toString]=a`, 400],
    ["toString", `${encoded}&toString=a`, 400],
    ["a name of 1,000 brackets", `${encoded}&attribution${"[a]".repeat(1000)}=1`, 400],
    ["brackets without a name", `${encoded}&[a]=1&[]=2&a]=3`, 400],
    ["hasOwnProperty", `${encoded}&hasOwnProperty=a`, 400],
  ];
  test.each(cases)("with %s gets a page", async (_name, text, status) => {
    const before = await donations();
    const answer = await form(text);
    const page = await answer.text();
    expect(answer.status, page.slice(0, 500)).toBe(status);
    expect(answer.headers.get("content-type")).toMatch(/^text\/html\b/);
    expect(page).not.toMatch(/\bat \S+ \(|node_modules/);
    expect(await donations()).toBe(before);
    expect(({} as Record<string, unknown>).discreet).toBeUndefined();
  });

  const unreadable: [string, string, number][] = [
    ["1 MB", `${encoded}&locale=${"a".repeat(1024 * 1024)}`, 413],
    ["1,000 fields", `${encoded}${"&tip=1".repeat(1000)}`, 400],
  ];
  test.each(unreadable)("of %s gets a page with an empty form", async (_name, text, status) => {
    const answer = await form(text);
    const body = await answer.text();
    expect(answer.status).toBe(status);
    expect(body).not.toMatch(/\bat \S+ \(|node_modules/);
    expect(answer.headers.get("content-type")).toMatch(/^text\/html\b/);
    expect(body).toContain('name="frequency"');
  });
});

test("a body that is too large is told how much may be sent", async () => {
  const answer = await send(jsonWith(`"locale":"${"a".repeat(40_000)}"`));
  expect([answer.status, ((await answer.json()) as { detail: string }).detail]).toEqual([
    413,
    "The body is too large. This address takes at most 32 KB. Send less.",
  ]);
});

describe("the state of a checkout", () => {
  test.each([
    "1",
    "x",
    MARKER,
    "00000000-0000-0000-0000-000000000000",
    "019a0000-0000-7000-8000-00000000000g",
    "{019a0000-0000-7000-8000-000000000000}",
    "019a00000000700080000000000000000",
    "019a0000-0000-7000-8000-000000000000%00",
    "019a0000-0000-7000-8000-000000000000%0a",
    "019a0000-0000-7000-8000-000000000000'--",
    "..%2f..%2fetc%2fpasswd",
    "__proto__",
    "a".repeat(8000),
  ])("by the id %s isn't found", async (id) => {
    await expectProblem(await fetch(`${app.url}${ROUTE}/${id}`), { status: 404, code: "not_found" });
  });

  test("by an id in capitals is the same", async () => {
    const { id } = (await (await start(app, GOOD)).json()) as { id: string };
    expect(await (await fetch(`${app.url}${ROUTE}/${id.toUpperCase()}`)).json()).toMatchObject({ id, status: "open" });
  });

  test("by a broken percent sign can't be read", async () => {
    await expectProblem(await fetch(`${app.url}${ROUTE}/%E0%A4%A`), { status: 400, code: "invalid_request" });
  });
});

describe("a report", () => {
  const report = async (path: string) =>
    await fetch(`${app.url}/v1/reports/${path}`, { headers: { authorization: `Bearer ${await app.token()}` } });
  test.each([
    ["summary?from=yesterday", "from"],
    ["summary?from=2026-02-30", "from"],
    ["summary?from=2026-1-1", "from"],
    ["summary?from=", "from"],
    ["summary?from=2026-01-01&from=2026-01-02", "from"],
    ["summary?to=2026-13-01", "to"],
    ["summary?interval=week", "interval"],
    [`summary?email=${MARKER}`, "email"],
    ["summary?__proto__=1", "__proto__"],
    ["summary?constructor=1", "constructor"],
    ["summary.csv?bom=yes", "bom"],
    ["payments?limit=0", "limit"],
    ["payments?limit=1001", "limit"],
    ["payments?limit=1.5", "limit"],
    ["payments?limit=1e2", "limit"],
    ["payments?limit=-1", "limit"],
    [`payments?cursor=${MARKER}`, "cursor"],
    ["payments?status=refunded", "status"],
    ["payments?frequency=weekly", "frequency"],
    ["payments?currency=US$", "currency"],
    ["payments?country=DEU", "country"],
    ["payments?campaign=a%00b", "campaign"],
    ["payments?campaign=", "campaign"],
    ["payments?campaign[x]=1", "campaign[x]"],
    [`payments?campaign=${"a".repeat(201)}`, "campaign"],
    ["payments.csv?limit=many", "limit"],
  ])("asked for as %s names the filter", async (path, fault) => {
    await expectProblem(await report(path), invalid(fault));
  });

  test("that ends before it begins names what is wrong", async () => {
    const answer = await report("summary?from=2026-02-01&to=2026-01-01");
    const { errors } = (await answer.clone().json()) as { errors: { path: string }[] };
    await expectProblem(answer, invalid(...errors.map(({ path }) => path)));
    expect(errors.length).toBeGreaterThan(0);
  });

  test("without a token, with another's and with a token of no use says which", async () => {
    const get = (headers: Record<string, string>) => fetch(`${app.url}/v1/reports/payments`, { headers });
    await expectProblem(await get({}), { status: 401, code: "unauthorized" });
    await expectProblem(await get({ authorization: `Bearer ${MARKER}` }), { status: 401, code: "unauthorized" });
    await expectProblem(await get({ authorization: "Basic YTpi" }), { status: 401, code: "unauthorized" });
    await expectProblem(await get({ authorization: `Bearer ${await app.token("audience")}` }), {
      status: 403,
      code: "forbidden",
    });
  });
});

describe("what is at no address", () => {
  test.each([
    ["GET", "/nothing"],
    ["GET", `/${MARKER}`],
    ["GET", "/v1/checkout-sessions"],
    ["PUT", "/v1/checkout-sessions"],
    ["DELETE", "/v1/checkout-sessions"],
    ["POST", "/v1/checkout-sessions/019a0000-0000-7000-8000-000000000000"],
    ["GET", "/webhooks/stripe"],
    ["POST", "/v1/reports/summary"],
    ["GET", `/${"a".repeat(10_000)}?${MARKER}`],
    ["PATCH", "//"],
  ])("%s %s", async (method, path) => {
    const headers = { authorization: `Bearer ${await app.token()}` };
    await expectProblem(await fetch(app.url + path, { method, headers }), { status: 404, code: "not_found" });
  });

  test("headers without an end are cut off", async () => {
    const { status, body } = await raw({ "x-long": MARKER.repeat(2000) });
    expect(status).toBe(431);
    expect(body).not.toContain(MARKER);
  });
});

describe("a browser on", () => {
  const from = (origin: string) => start(app, GOOD, { origin });
  test.each(["https://evil.example", "null", "https://www.example.org.evil.example", "http://www.example.org"])(
    "the foreign site %s is turned away",
    async (origin) => {
      const before = await donations();
      const answer = await from(origin);
      expect(answer.headers.get("access-control-allow-origin")).toBeNull();
      await expectProblem(answer, { status: 403, code: "forbidden" });
      await expectProblem(await preflight(origin), { status: 403, code: "forbidden" });
      expect(await donations()).toBe(before);
    },
  );

  test("our own site, and one of the newsroom's, is let in", async () => {
    for (const origin of [app.url, "https://www.example.org"]) {
      const answer = await from(origin);
      expect(answer.status).toBe(201);
      expect(answer.headers.get("access-control-allow-origin")).toBe(origin);
      expect(answer.headers.get("vary")).toMatch(/Origin/);
      const asked = await preflight(origin);
      expect(asked.status).toBe(204);
      expect(asked.headers.get("access-control-allow-origin")).toBe(origin);
      expect(asked.headers.get("access-control-allow-methods")).toMatch(/POST/);
      expect(asked.headers.get("access-control-allow-headers")).toMatch(/Idempotency-Key/);
      expect(asked.headers.get("access-control-allow-credentials")).toBeNull();
    }
  });

  test("one of the newsroom's can read a refusal", async () => {
    const answer = await start(app, { ...GOOD, amount: 0 }, { origin: "https://www.example.org" });
    expect(answer.headers.get("access-control-allow-origin")).toBe("https://www.example.org");
    await expectProblem(answer, invalid("amount"));
  });

  function preflight(origin: string): Promise<Response> {
    const headers = {
      origin,
      "access-control-request-method": "POST",
      "access-control-request-headers": "content-type,idempotency-key",
    };
    return fetch(app.url + ROUTE, { method: "OPTIONS", headers });
  }
});

test("none of all this was logged as an error, and nothing that was sent is in the log", () => {
  expect(app.logged()).not.toMatch(/"level":"(error|fatal)"/);
  expect(app.logged()).not.toContain(MARKER);
});

/** A request that fetch would not make. */
function raw(headers: Record<string, string>): Promise<{ status: number; body: string }> {
  return new Promise((resolve, reject) => {
    const asked = request(app.url, { headers }, async (response) => {
      let body = "";
      for await (const chunk of response) body += chunk;
      resolve({ status: response.statusCode ?? 0, body });
    });
    asked.on("error", reject).end();
  });
}
