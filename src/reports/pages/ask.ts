import { AppError, type FieldError } from "../../shared/errors.ts";

/** What was typed, by the fields' names. */
export type Typed = Readonly<Record<string, string>>;

export interface Asked<Question> {
  readonly typed: Typed;
  /** Null when something has to be mended first. */
  readonly question: Question | null;
  readonly faults: readonly FieldError[];
}

/** What a form sends: a field that is left empty is as if it wasn't there. */
export function filled(query: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  return Object.fromEntries(Object.entries(query).filter(([, value]) => value !== ""));
}

/** The question that a page's query asks, or what is wrong with it, so that the page can show it beside what was typed. */
export function ask<Question>(
  query: Readonly<Record<string, unknown>>,
  read: (query: Readonly<Record<string, unknown>>) => Question,
): Asked<Question> {
  const sent = filled(query);
  const typed = Object.fromEntries(
    Object.entries(sent).flatMap(([name, value]) => (typeof value === "string" ? [[name, value] as const] : [])),
  );
  try {
    return { typed, question: read(sent), faults: [] };
  } catch (error) {
    if (!(error instanceof AppError) || error.kind !== "invalid") throw error;
    return { typed, question: null, faults: error.errors ?? [{ path: "", message: error.message }] };
  }
}
