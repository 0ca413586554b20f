import { afterAll, beforeAll, expect, test } from "vitest";
import { startApp, type TestApp } from "../support/app.ts";
import { type Start, start } from "../support/giving.ts";
import { remind, someone, stored } from "../support/reminders.ts";

let app: TestApp;
beforeAll(async () => {
  app = await startApp();
});
afterAll(() => app.close());

const LEAKING = {
  article_url: "https://user:pw@www.example.org/read/leak@example.org/x?email=leak@example.org#leak@example.org",
  article_id: "harbour-mud",
  campaign: "for leak@example.org",
  placement: "leak+news@sub.example.co.uk",
  referrer: "https://mail.example/to/leak%40example.org",
  utm_source: "читатель@пример.рф",
  utm_medium: "email",
  utm_content: "nl-17;leak@example.org;button",
  utm_term: "@harbour",
};
const KEPT = {
  article_url: "https://www.example.org/read/(address)/x",
  article_id: "harbour-mud",
  campaign: "for (address)",
  placement: "(address)",
  referrer: "https://mail.example/to/(address)",
  utm_source: "(address)",
  utm_medium: "email",
  utm_content: "nl-17;(address);button",
  utm_term: "@harbour",
};

test("e-mail addresses that newsletters put into links are kept with no gift", async () => {
  const gift = { frequency: "once", amount: 2500, currency: "USD", attribution: LEAKING };
  const { id } = (await (await start(app, gift)).json()) as Start;
  const row = await app.db.selectFrom("donations").selectAll().where("id", "=", id).executeTakeFirstOrThrow();
  expect(row).toMatchObject(KEPT);
});

test("nor with a reminder", async () => {
  const { id } = await remind(app, { email: someone(), attribution: LEAKING });
  expect(await stored(app, id)).toMatchObject(KEPT);
});

test("nor with a view", async () => {
  const { article_id, campaign, placement } = LEAKING;
  const sent = await fetch(`${app.url}/v1/widget-views`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ step: "shown", article_id, campaign, placement }),
  });
  expect(sent.status).toBe(204);
  for (const by of ["campaign", "placement"] as const) {
    const report = await fetch(`${app.url}/v1/reports/audience?by=${by}`, {
      headers: { authorization: `Bearer ${await app.token()}` },
    });
    const { rows } = (await report.json()) as { rows: { shown: number }[] };
    expect(rows.filter(({ shown }) => shown > 0)).toMatchObject([{ source: KEPT[by] }]);
  }
});

test("a long text with many signs takes no long thought", async () => {
  const attribution = { utm_term: "a@".repeat(100), article_url: `https://www.example.org/${"a.@".repeat(300)}` };
  const answer = await start(app, { frequency: "once", amount: 2500, currency: "USD", attribution });
  expect(answer.status).toBe(201);
});
