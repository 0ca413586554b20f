import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { extname, join } from "node:path";

export interface Asset {
  readonly content: Buffer;
  readonly type: string;
  /** First digits of the content's SHA-256: another content has another address. */
  readonly hash: string;
}

const TYPES: Readonly<Record<string, string>> = { ".css": "text/css", ".js": "text/javascript" };

/** What pages load beside their own HTML, read once when the process starts. */
export const assets: ReadonlyMap<string, Asset> = new Map(
  ["site.css", "form.js", "sheet.css", "finance.css"].map((name) => [name, load(name)]),
);

/** Where a page finds an asset: `/assets/site.0a1b2c3d4e5f.css`. */
export function assetUrl(name: "site.css" | "form.js" | "sheet.css" | "finance.css"): string {
  const extension = extname(name);
  return `/assets/${name.slice(0, -extension.length)}.${assets.get(name)?.hash}${extension}`;
}

function load(name: string): Asset {
  const content = readFileSync(join(import.meta.dirname, "assets", name));
  const hash = createHash("sha256").update(content).digest("hex").slice(0, 12);
  return { content, type: `${TYPES[extname(name)]}; charset=utf-8`, hash };
}
