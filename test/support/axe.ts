import axe from "axe-core";
import type { Page } from "playwright-core";

/** Less than serious to axe, but not to whoever goes from landmark to landmark, or from cell to cell. */
const ALSO: ReadonlySet<string> = new Set(["region", "empty-table-header"]);

/** What axe finds serious on a page, by rule and element; empty where nothing is. It runs past the page's policy, which lets no script in. */
export async function seriousFaults(page: Page): Promise<readonly string[]> {
  await page.evaluate(axe.source);
  const results = await page.evaluate(async () => {
    const { axe: here } = globalThis as unknown as { axe: typeof axe };
    return await here.run(document, { resultTypes: ["violations"] });
  });
  return results.violations
    .filter(({ id, impact }) => impact === "serious" || impact === "critical" || ALSO.has(id))
    .flatMap(({ id, nodes }) => nodes.map((node) => `${id}: ${node.target.join(" ")}`));
}
