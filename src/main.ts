import { run, type Verb } from "./run.ts";
import { SetupError } from "./shared/errors.ts";

const VERBS: readonly string[] = ["start", "serve", "work"];

const verb = process.argv[2] ?? "start";
if (!VERBS.includes(verb)) {
  process.stderr.write(`Expected one of: ${VERBS.join(", ")}. Operators' commands are under \`npm run donations\`.\n`);
  process.exit(1);
}
try {
  await run(verb as Verb);
} catch (error) {
  if (!(error instanceof SetupError)) throw error;
  for (const fault of error.faults) process.stderr.write(`${fault}\n`);
  process.exit(1);
}
