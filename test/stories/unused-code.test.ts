import { execFile } from "node:child_process";
import { cp, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";

/** The check for unused code finds what is unused: a small tree with one of each, under the project's own configuration. */

const root = join(import.meta.dirname, "../..");

const tree = {
  "package.json": JSON.stringify({
    type: "module",
    scripts: { start: "node src/main.ts" },
    dependencies: { zod: "*", "never-imported": "*" },
    devDependencies: { "never-used": "*" },
  }),
  "src/main.ts": 'import "zod";\nimport "not-listed";\nimport { used } from "./part.ts";\nused({ a: 1 });\n',
  "src/part.ts": `export interface Options { readonly a: number }
export interface Forgotten { readonly b: number }
export const used = (options: Options) => options;
export const lonely = 1;
`,
  "src/nobody.ts": "export const it = 1;\n",
  "test/some.test.ts": 'import { used } from "./support/helper.ts";\nused();\n',
  "test/support/helper.ts": "export const used = () => 1;\nexport const unused = 2;\n",
};

let copy: string;
let report: string;

beforeAll(async () => {
  copy = await mkdtemp(join(tmpdir(), "unused-code-"));
  await mkdir(join(copy, "config"));
  await cp(join(root, "config/knip.json"), join(copy, "config/knip.json"));
  await cp(join(root, "tsconfig.json"), join(copy, "tsconfig.json"));
  for (const [file, text] of Object.entries(tree)) {
    await mkdir(dirname(join(copy, file)), { recursive: true });
    await writeFile(join(copy, file), text);
  }
  const knip = join(root, "node_modules/.bin/knip");
  report = await promisify(execFile)(knip, ["--config", "config/knip.json", "--reporter", "compact"], {
    cwd: copy,
  }).then(
    () => "nothing found",
    (error: unknown) => (error as { stdout: string }).stdout,
  );
}, 60_000);

afterAll(() => rm(copy, { recursive: true, force: true }));

test("unused files, exports, types and dependencies are found, and those alone", () => {
  const found = report
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "");
  expect(found).toMatchInlineSnapshot(`
    [
      "Unused files (1)",
      "src/nobody.ts: src/nobody.ts",
      "Unused dependencies (1)",
      "package.json: never-imported",
      "Unused devDependencies (1)",
      "package.json: never-used",
      "Unlisted dependencies (1)",
      "src/main.ts: not-listed",
      "Unused exports (2)",
      "src/part.ts: lonely",
      "test/support/helper.ts: unused",
      "Unused exported types (1)",
      "src/part.ts: Forgotten",
    ]
  `);
});
