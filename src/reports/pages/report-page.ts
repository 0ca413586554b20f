import type { Deps } from "../../deps.ts";
import type { Html } from "../../http/html.ts";
import type { SectionPath } from "../../pages/finance/sections.ts";
import type { Asked } from "./ask.ts";
import type { RecurringCounts } from "./kept-counts.ts";

/** `db` may be a replica's. */
export type PageDeps = Pick<Deps, "db" | "config" | "newsroom" | "now"> & { readonly recurring: RecurringCounts };

export interface Shown {
  readonly body: Html;
  /** Stands beside the heading: links to the same as a file. */
  readonly tools?: Html | null;
  /** Something is still being counted: the page loads again after so many seconds. */
  readonly again?: number;
}

/** A page that answers what its address asks. */
export interface ReportPage<Question> {
  readonly path: string;
  readonly section: SectionPath;
  readonly title: string;
  /** @throws AppError `invalid_request`, which the page shows beside what was typed */
  readonly read: (deps: PageDeps, query: Readonly<Record<string, unknown>>) => Question;
  /** What stands above the figures, also where nothing can be shown until it is mended. */
  readonly filters?: (deps: PageDeps, asked: Asked<Question>) => Html;
  readonly show: (deps: PageDeps, question: Question, asked: Asked<Question>) => Promise<Shown>;
}
