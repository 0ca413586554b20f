import { expect, vi } from "vitest";
import { sendDueReminders } from "../../src/reminders/due.ts";
import type { TestApp } from "./app.ts";

export interface Asked {
  readonly id: string;
  readonly due_on: string;
  readonly token: string;
}

let readers = 0;

/** Another address each time. */
export function someone(): string {
  readers += 1;
  return `reader${readers}-${process.pid}@example.org`;
}

/** Product time stands still at that instant for the rest of the test. */
export function setTime(app: TestApp, instant: string): void {
  vi.spyOn(app.clock, "now").mockImplementation(() => new Date(instant));
}

export async function postReminder(
  app: Pick<TestApp, "url">,
  body: object,
  headers: Record<string, string> = {},
): Promise<Response> {
  return await fetch(`${app.url}/v1/reminders`, {
    method: "POST",
    headers: { "content-type": "application/json", ...headers },
    body: JSON.stringify(body),
  });
}

export async function remind(app: Pick<TestApp, "url">, body: object = {}, headers = {}): Promise<Asked> {
  const answer = await postReminder(app, { ...("on" in body ? {} : { in_months: 1 }), ...body }, headers);
  expect(answer.status).toBe(201);
  return (await answer.json()) as Asked;
}

/** POST to one of a reminder's addresses, as the widget does. */
export async function press(app: Pick<TestApp, "url">, token: string, action: string, init: RequestInit = {}) {
  const answer = await fetch(`${app.url}/v1/reminders/${token}/${action}`, {
    method: "POST",
    redirect: "manual",
    ...init,
  });
  const text = await answer.text();
  return { status: answer.status, headers: answer.headers, text, json: text.startsWith("{") ? JSON.parse(text) : null };
}

/** What a worker does, until nothing is due. */
export async function work(app: TestApp): Promise<void> {
  while ((await sendDueReminders(app.background)) > 0);
}

export async function stored(app: TestApp, id: string) {
  return await app.db.selectFrom("reminders").selectAll().where("id", "=", id).executeTakeFirstOrThrow();
}

/** Those that the night has left pending go out in the morning, which comes here. */
export async function untilMorning(app: TestApp, ids: readonly string[]): Promise<void> {
  const reminders = await Promise.all(ids.map((id) => stored(app, id)));
  const mornings = reminders.filter(({ state }) => state === "pending").map(({ due_at }) => +due_at);
  if (mornings.length === 0) return;
  await app.standIn.advance(Math.max(...mornings) - +app.clock.now() + 1000);
  await app.settle();
}

export async function mailsOf(app: TestApp, id: string, kind = "reminder") {
  return await app.db
    .selectFrom("mails")
    .selectAll()
    .where("reminder_id", "=", id)
    .where("kind", "=", kind)
    .orderBy("created_at")
    .execute();
}
