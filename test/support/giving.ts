import type { TestApp } from "./app.ts";

export interface Start {
  readonly id: string;
  readonly url: string;
  readonly expires_at: string;
}

/** Starts a checkout as the widget does. */
export async function start(
  app: Pick<TestApp, "url">,
  body: object,
  headers: Record<string, string> = {},
): Promise<Response> {
  return await fetch(`${app.url}/v1/checkout-sessions`, {
    method: "POST",
    headers: { "content-type": "application/json", ...headers },
    body: JSON.stringify(body),
  });
}

/** What a donor does on Stripe's page. @returns where it leads */
export async function onStripesPage(url: string, outcome: string, donor: Record<string, string> = {}): Promise<string> {
  const answer = await fetch(url, {
    method: "POST",
    redirect: "manual",
    body: new URLSearchParams({ outcome, email: "reader@example.org", name: "A Reader", country: "DE", ...donor }),
  });
  return answer.headers.get("location") ?? "";
}

/** A whole gift: started, and paid on Stripe's page. */
export async function give(
  app: Pick<TestApp, "url">,
  body: object = {},
  donor: Record<string, string> = {},
): Promise<Start> {
  const answer = await start(app, { frequency: "once", amount: 2500, currency: "USD", ...body });
  if (answer.status !== 201) throw new Error(`The checkout was answered with ${answer.status}: ${await answer.text()}`);
  const started = (await answer.json()) as Start;
  await onStripesPage(started.url, "pay", donor);
  return started;
}
