import { mkdirSync } from "node:fs";
import { join, resolve } from "node:path";
import type { Page } from "playwright-core";

/** Set SCREENSHOTS to a folder to look at what the browser's tests see; without it no pictures are made, which take long. */
const folder = process.env.SCREENSHOTS ? resolve(process.env.SCREENSHOTS) : null;
if (folder !== null) mkdirSync(folder, { recursive: true });

/** Keeps a picture of the whole page, if anybody wants to look at it. */
export async function shoot(page: Page, name: string): Promise<void> {
  if (folder === null) return;
  await page.screenshot({ path: join(folder, `${name}.png`), fullPage: true, animations: "disabled" });
}

/** Where a page's print goes, if anybody wants to look at it. */
export function printed(name: string): { readonly path?: string } {
  return folder === null ? {} : { path: join(folder, `${name}.pdf`) };
}
