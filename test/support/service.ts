import { spawn, spawnSync } from "node:child_process";
import { processIdentity } from "../../src/sandbox/postgres/processes.ts";
import { PROJECT } from "./run-node.ts";

export interface Service {
  readonly pid: number;
  readonly stdout: () => string;
  readonly stderr: () => string;
  /** Resolves with the first group once a line of stdout fits; rejects when the program ends before. */
  says(words: RegExp): Promise<string>;
  /** Sends a signal and waits for the end; the exit code, or null when the signal ended it. */
  end(signal: NodeJS.Signals): Promise<number | null>;
  /** Waits until it ends by itself. */
  ended(): Promise<number | null>;
}

/** Runs `node src/main.ts VERB` until it is ended, in an environment of these variables alone. */
export function runService(verb: string, env: Readonly<Record<string, string>>): Service {
  return runUntilEnded(["src/main.ts", verb], env);
}

/** The same with another program. */
export function runUntilEnded(args: readonly string[], env: Readonly<Record<string, string>>): Service {
  const { PATH = "", HOME = "", NODE_COMPILE_CACHE = "" } = process.env;
  const child = spawn(process.execPath, args, {
    cwd: PROJECT,
    env: { PATH, HOME, NODE_COMPILE_CACHE, NODE_ENV: "development", ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const written = { stdout: "", stderr: "" };
  const ended = new Promise<number | null>((resolve) => child.once("close", resolve));
  let notify = () => {};
  for (const name of ["stdout", "stderr"] as const) {
    child[name].setEncoding("utf8").on("data", (chunk: string) => {
      written[name] += chunk;
      notify();
    });
  }
  return {
    pid: child.pid ?? -1,
    stdout: () => written.stdout,
    stderr: () => written.stderr,
    says: (words) => {
      const { promise, resolve, reject } = Promise.withResolvers<string>();
      notify = () => {
        const found = words.exec(written.stdout);
        if (found !== null) resolve(found[1] ?? found[0]);
      };
      notify();
      void ended.then((code) => reject(new Error(`It ended with ${code}: ${written.stdout}\n${written.stderr}`)));
      return promise;
    },
    end: async (signal) => {
      if (child.exitCode === null && child.signalCode === null) child.kill(signal);
      return await ended;
    },
    ended: () => ended,
  };
}

/** A process as it is now, to be told from a later one with its number. */
export interface Seen {
  readonly pid: number;
  readonly identity: string | undefined;
}

/** All processes below this one. */
export function processesBelow(pid: number): readonly Seen[] {
  const { stdout } = spawnSync("ps", ["-e", "-o", "pid=,ppid="], { encoding: "utf8" });
  const parents = stdout
    .trim()
    .split("\n")
    .map((line) => line.trim().split(/\s+/).map(Number) as [number, number]);
  const below = (parent: number): number[] =>
    parents.filter(([, of]) => of === parent).flatMap(([each]) => [each, ...below(each)]);
  return below(pid).map((each) => ({ pid: each, identity: processIdentity(each) }));
}

export function stillRunning(seen: readonly Seen[]): readonly Seen[] {
  return seen.filter(({ pid, identity }) => identity !== undefined && processIdentity(pid) === identity);
}
