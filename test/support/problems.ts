import { expect } from "vitest";

/** Stands in every request that is meant to be refused; no answer may repeat it. */
export const MARKER = "ada.lovelace.7f3a@leak.example";

export interface ExpectedProblem {
  readonly status: number;
  readonly code: string;
  /** The paths of `errors`, in any order; absent when the answer is to have none. */
  readonly paths?: readonly string[];
}

const MEMBERS = ["type", "title", "status", "code", "detail", "request_id"];
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
/** A frame of a stack, a file of ours, or an error's class. */
const INSIDES = /\bat \S+ \(|\.[tj]s\b|node_modules|node:|[a-z]Error\b/;

/** Holds an answer against the contract of a problem: all members, every fault's path, nothing of our insides and nothing of what was sent. */
export async function expectProblem(answer: Response, expected: ExpectedProblem): Promise<Record<string, unknown>> {
  const text = await answer.text();
  expect(answer.status, text).toBe(expected.status);
  expect(answer.headers.get("content-type")).toMatch(/^application\/problem\+json\b/);
  expect(answer.headers.get("cache-control")).toContain("no-store");
  const problem = JSON.parse(text) as Record<string, unknown>;
  const errors = (problem.errors ?? []) as { path: string; message: string }[];
  expect(Object.keys(problem)).toEqual([...MEMBERS, ...("errors" in problem ? ["errors"] : [])]);
  expect(problem).toMatchObject({
    type: `urn:reader-donations:problem:${expected.code}`,
    status: expected.status,
    code: expected.code,
  });
  expect(problem.request_id).toMatch(UUID);
  expect(problem.request_id).toBe(answer.headers.get("x-request-id"));
  for (const words of [problem.title, problem.detail, ...errors.map(({ message }) => message)]) {
    expect(words).toMatch(/^\S.{3,}/);
  }
  expect(errors.map(({ path }) => path).sort()).toEqual([...(expected.paths ?? [])].sort());
  expectNothingSent(answer, text);
  return problem;
}

function expectNothingSent(answer: Response, text: string): void {
  const whole = `${JSON.stringify([...answer.headers])}\n${text}`;
  expect(whole.toLowerCase()).not.toContain(MARKER);
  expect(whole).not.toContain(encodeURIComponent(MARKER));
  expect(text).not.toMatch(INSIDES);
}
