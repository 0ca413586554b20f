import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";

// Every file and every program that a test starts is a process of its own: they share what Node has compiled.
process.env.NODE_COMPILE_CACHE ??= fileURLToPath(new URL("../node_modules/.cache/node-compile", import.meta.url));

const files = (folders: string): string[] => [`test/${folders}/**/*.test.ts`];

export default defineConfig({
  root: fileURLToPath(new URL("..", import.meta.url)),
  test: {
    projects: [
      // Files share a process, and with it the code that is loaded and compiled already: a third less to compute.
      { extends: true, test: { name: "stories", include: files("{stories,properties,browser}"), isolate: false } },
      // A process a file: these send signals, change the environment and start programs that watch for their parent's end.
      { extends: true, test: { name: "faults", include: files("faults") } },
    ],
    globalSetup: ["test/support/global-setup.ts"],
    setupFiles: ["test/support/no-network.ts"],
    pool: "forks",
    maxWorkers: 3,
    testTimeout: 60_000,
    hookTimeout: 60_000,
    teardownTimeout: 30_000,
    // No test may lean on what another left behind. The seed is printed; repeat an order with --sequence.seed=N.
    sequence: { shuffle: { files: true, tests: true } },
    restoreMocks: true,
    unstubEnvs: true,
    unstubGlobals: true,
  },
});
