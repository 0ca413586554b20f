import { type ChildProcessByStdio, spawn } from "node:child_process";
import type { Readable, Writable } from "node:stream";
import type { Launcher } from "./launcher.ts";

export type Child = ChildProcessByStdio<Writable, Readable, Readable>;

/** Our own environment holds secrets, and PG* settings that Postgres would obey: it gets none of it. */
const ENVIRONMENT = {
  PATH: "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin:/run/current-system/sw/bin",
  LC_ALL: "C",
  TZ: "UTC",
};

/**
 * Starts a program the launcher's way, in a session of its own: the terminal's Ctrl-C reaches us alone, and we shut it
 * down once our own work is done.
 */
export function launch(launcher: Launcher, program: string, args: readonly string[]): Child {
  const [file = program, ...rest] = [...launcher.prefix, program, ...args];
  return spawn(file, rest, {
    ...launcher.account,
    ...(process.platform === "win32" ? {} : { env: ENVIRONMENT, cwd: "/" }),
    detached: true,
    stdio: ["pipe", "pipe", "pipe"],
    windowsHide: true,
  });
}

export interface Outcome {
  /** Undefined when the program could not even be started. */
  readonly code: number | undefined;
  readonly output: string;
}

/** Runs a program to its end and keeps what it printed on either stream. */
export async function run(launcher: Launcher, program: string, args: readonly string[], input = ""): Promise<Outcome> {
  const child = launch(launcher, program, args);
  const { promise, resolve } = Promise.withResolvers<Outcome>();
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (chunk: string) => {
      output += chunk;
    });
  }
  child.stdin.on("error", () => {});
  child.stdin.end(input);
  child.once("error", (error) => resolve({ code: undefined, output: error.message }));
  child.once("close", (code, signal) => resolve({ code: code ?? 128, output: `${output}${signal ?? ""}` }));
  return await promise;
}
