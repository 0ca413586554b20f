import { type ChildProcess, type SpawnOptions, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

/** What a running program that started an embedded Postgres says of it. */
export interface Started {
  readonly url: string;
  readonly adminUrl: string;
  readonly port: number;
  readonly pid: number;
  /** Milliseconds from the call to its return. */
  readonly ms: number;
  readonly log: readonly string[];
}

export interface Program {
  readonly child: ChildProcess;
  /** Rejects with the error's message when the start fails. */
  readonly started: Promise<Started>;
  /** The lines it printed after that. */
  readonly lines: string[];
  /** Sends a signal and waits for the end; the exit code, or null when a signal ended it. */
  end(signal: NodeJS.Signals): Promise<number | null>;
}

export interface ProgramOptions extends Pick<SpawnOptions, "uid" | "gid"> {
  readonly port?: number;
  /** A command line that runs the one behind it in other circumstances. */
  readonly within?: readonly string[];
  /** The project's folder as that command line sees it. */
  readonly project?: string;
}

const PROJECT = fileURLToPath(new URL("../..", import.meta.url));
const SCRIPT = fileURLToPath(new URL("./start-postgres.ts", import.meta.url));

/** Runs `start-postgres.ts` as a process of its own, in a process group of its own, as a terminal would. */
export function runProgram(dataDir: string, options: ProgramOptions = {}): Program {
  const [node, script] = [process.execPath, SCRIPT].map((path) =>
    options.project === undefined ? path : path.replace(PROJECT, `${options.project}/`),
  ) as [string, string];
  const [file = node, ...args] = [...(options.within ?? []), node, script, dataDir, String(options.port ?? "")];
  const { uid, gid } = options;
  const account = uid === undefined || gid === undefined ? {} : { uid, gid };
  const child = spawn(file, args, { ...account, cwd: "/", detached: true, stdio: ["pipe", "pipe", "pipe"] });
  const started = Promise.withResolvers<Started>();
  started.promise.catch(() => {});
  const lines: string[] = [];
  let errors = "";
  child.stderr.on("data", (chunk) => {
    errors += chunk;
  });
  createInterface({ input: child.stdout }).on("line", (line) => {
    if (line.startsWith("{")) started.resolve(JSON.parse(line));
    else if (line.startsWith("failed: ")) started.reject(new Error(line));
    else lines.push(line);
  });
  const closed = once(child, "close");
  void closed.then(() => started.reject(new Error(`The program ended without a word: ${errors}`)));
  return {
    child,
    started: started.promise,
    lines,
    end: async (signal) => {
      if (child.exitCode === null && child.signalCode === null && child.pid) process.kill(-child.pid, signal);
      await closed;
      return child.exitCode;
    },
  };
}
