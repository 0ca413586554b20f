import { existsSync } from "node:fs";
import { type Browser, chromium } from "playwright-core";

/** The shell alone first: it draws pages and nothing of a browser around them, in half the time. */
const USUAL_PLACES = [
  "/usr/bin/chromium-headless-shell",
  "/usr/bin/chromium",
  "/usr/bin/chromium-browser",
  "/usr/bin/google-chrome",
  "/usr/bin/google-chrome-stable",
  "/opt/google/chrome/chrome",
  "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
  "/Applications/Chromium.app/Contents/MacOS/Chromium",
];

/** Where Chromium is: CHROMIUM_PATH, or one of the usual places; undefined where there is none. */
function chromiumPath(): string | undefined {
  const given = process.env.CHROMIUM_PATH;
  if (given !== undefined && given !== "" && !existsSync(given)) {
    throw new Error(
      "CHROMIUM_PATH names a file that isn't there. Correct it, or unset it to look in the usual places.",
    );
  }
  return given || USUAL_PLACES.find((path) => existsSync(path));
}

/** Says once, on the screen, why the browser's tests of a file are skipped. */
export function browserMissing(): boolean {
  if (chromiumPath() !== undefined) return false;
  process.stderr.write("No Chromium was found: browser tests are skipped. Install it or set CHROMIUM_PATH.\n");
  return true;
}

export async function launchBrowser(): Promise<Browser> {
  const executablePath = chromiumPath();
  if (executablePath === undefined) throw new Error("There is no Chromium here; ask browserMissing() first.");
  return await chromium.launch({
    executablePath,
    args: [
      "--no-sandbox",
      "--disable-gpu",
      "--disable-software-rasterizer",
      "--disable-gpu-rasterization",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
      "--no-first-run",
      "--disable-quic",
    ],
  });
}
