import { expect, vi } from "vitest";
import type { TestApp } from "./app.ts";

/** The id of the key that a value is sealed under. */
export const sealedUnder = (sealed: Buffer): string => sealed.toString("utf8", 2, 2 + (sealed[1] ?? 0));

/**
 * Resolves once the whole service seals under that key. It looks for a new one once a second, and until then what it writes is
 * under the old one: who takes that away before has values that nobody can open.
 */
export async function sealsUnder(app: TestApp, keyId: string): Promise<void> {
  await vi.waitFor(
    () => {
      for (const { vault } of [app.deps, app.background]) {
        expect(sealedUnder(vault.seal("a probe", "nowhere"))).toBe(keyId);
      }
    },
    { timeout: 5_000, interval: 50 },
  );
}
