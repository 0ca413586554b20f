import type { Deps } from "../../deps.ts";
import { localDate } from "../../shared/period.ts";
import type { View } from "./view-body.ts";
import { insertViews, type ViewCount } from "./views.queries.ts";

interface Waiting {
  readonly view: View;
  readonly done: () => void;
  readonly failed: (error: unknown) => void;
}

/** Views in one statement at most. */
const BATCH = 1_000;

/**
 * Counts views; resolves once a view is committed. Those that come while a statement is under way share the next one and, where they are
 * alike, its row: an article that everybody reads costs a row for each statement, not for each reader.
 */
export function createViewCounter(deps: Pick<Deps, "db" | "newsroom" | "now">): (view: View) => Promise<void> {
  const queue: Waiting[] = [];
  let running = false;

  return (view) =>
    new Promise((done, failed) => {
      queue.push({ view, done, failed });
      if (!running) void run();
    });

  async function run(): Promise<void> {
    running = true;
    while (queue.length > 0) await write(queue.splice(0, BATCH));
    running = false;
  }

  async function write(batch: readonly Waiting[]): Promise<void> {
    try {
      const day = localDate(deps.now(), deps.newsroom().time_zone);
      await insertViews(
        deps.db,
        countsOf(
          batch.map((one) => one.view),
          day,
        ),
      );
      for (const one of batch) one.done();
    } catch (error) {
      for (const one of batch) one.failed(error);
    }
  }
}

function countsOf(views: readonly View[], day: string): readonly ViewCount[] {
  const alike = Map.groupBy(views, (view) => JSON.stringify(placeOf(view)));
  return [...alike.values()].map((some) => ({
    day,
    ...placeOf(some[0] as View),
    shown: some.filter((view) => view.step === "shown").length,
    opened: some.filter((view) => view.step === "opened").length,
    continued: some.filter((view) => view.step === "continued").length,
  }));
}

function placeOf({ article_id = "", campaign = "", placement = "", variant = "" }: View) {
  return { article: article_id, campaign, placement, variant };
}
