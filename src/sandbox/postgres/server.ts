import { existsSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import { SetupError } from "../../shared/errors.ts";
import { type Child, launch } from "./child.ts";
import type { Launcher } from "./launcher.ts";
import { PortTaken } from "./port.ts";

/** A line of what the database server says, for the log. */
export interface ServerLine {
  readonly level: "info" | "error";
  readonly source: "postgres";
  readonly msg: string;
}

export interface ServerOptions {
  readonly cluster: string;
  readonly port: number;
  readonly durable: boolean;
  readonly log: (line: ServerLine) => void;
}

export interface Server {
  readonly pid: number;
  /** Resolves, with words for an operator, once the server is gone without having been asked to go. */
  readonly lost: Promise<SetupError>;
  /** Shuts down fast (open transactions are rolled back) and waits until it is gone. */
  stop(): Promise<void>;
}

const READY_MS = 60_000;
const SHUTDOWN_MS = 15_000;
const LOOK_FOR_DATA_EVERY_MS = 1_000;

/**
 * Nothing outside DATA_DIR: no socket files, no shared memory that a kill would leave behind. And values that clients
 * send must not reach a log: their errors and statements are theirs to report, without values.
 */
const SETTINGS = {
  listen_addresses: "127.0.0.1",
  unix_socket_directories: "",
  dynamic_shared_memory_type: "mmap",
  password_encryption: "scram-sha-256",
  timezone: "UTC",
  log_timezone: "UTC",
  lc_messages: "C",
  logging_collector: "off",
  log_min_messages: "log",
  log_min_error_statement: "panic",
  log_error_verbosity: "terse",
  log_line_prefix: "",
  log_checkpoints: "off",
};

/** Whatever happens to the machine, tests begin anew: nothing is worth waiting for the disk. */
const NOT_DURABLE = {
  fsync: "off",
  synchronous_commit: "off",
  full_page_writes: "off",
  wal_level: "minimal",
  max_wal_size: "128MB",
  max_wal_senders: "0",
  max_connections: "200",
  autovacuum: "off",
};

/** Starts the server and returns once it accepts connections. Throws a SetupError with the reason when it does not. */
export async function startServer(launcher: Launcher, options: ServerOptions): Promise<Server> {
  const settings = Object.entries({ port: options.port, ...SETTINGS, ...(options.durable ? {} : NOT_DURABLE) });
  const args = ["-D", options.cluster, ...settings.flatMap(([name, value]) => ["-c", `${name}=${value}`])];
  const child = launch(launcher, launcher.binaries.postgres, args);
  const exited = new Promise<void>((resolve) => {
    child.once("exit", () => resolve());
    child.once("error", () => resolve());
  });
  // For an end without a shutdown, such as an uncaught error's, on systems that cannot tie the two together.
  const endWithUs = () => void child.kill("SIGINT");
  process.once("exit", endWithUs);
  void exited.then(() => process.removeListener("exit", endWithUs));

  try {
    await ready(child, exited, options);
  } catch (error) {
    await shutDown(child, exited);
    throw error;
  }
  let stopping = false;
  // Postgres itself looks once a minute, and until then it answers out of what it holds in memory.
  const watch = setInterval(() => {
    if (!existsSync(join(options.cluster, "postmaster.pid"))) child.kill("SIGQUIT");
  }, LOOK_FOR_DATA_EVERY_MS).unref();
  const lost = Promise.withResolvers<SetupError>();
  void exited.then(() => {
    clearInterval(watch);
    if (stopping) return;
    options.log({ level: "error", source: "postgres", msg: "the embedded Postgres ended unexpectedly" });
    lost.resolve(new SetupError([whyLost(child, options.cluster)]));
  });
  return {
    pid: child.pid as number,
    lost: lost.promise,
    stop: async () => {
      stopping = true;
      clearInterval(watch);
      await shutDown(child, exited);
    },
  };
}

function whyLost(child: Child, cluster: string): string {
  if (!existsSync(join(cluster, "PG_VERSION"))) {
    return `Postgres ended: its data in ${cluster} is gone. Put it back and start again, or start again to begin anew.`;
  }
  const how = child.signalCode ?? `exit code ${child.exitCode}`;
  return `Postgres ended unexpectedly (${how}); start again: nothing that was acknowledged is lost.`;
}

async function ready(child: Child, exited: Promise<void>, options: ServerOptions): Promise<void> {
  const accepting = Promise.withResolvers<true>();
  const said: string[] = [];
  child.stdin.on("error", () => {});
  child.stdout.resume();
  createInterface({ input: child.stderr }).on("line", (msg) => {
    if (said.length < 50) said.push(msg);
    options.log({ level: /^(FATAL|PANIC):/.test(msg) ? "error" : "info", source: "postgres", msg });
    if (msg.includes("ready to accept connections")) accepting.resolve(true);
  });
  const timeout = new AbortController();
  const result = await Promise.race([
    accepting.promise,
    exited.then(() => false),
    sleep(READY_MS, false, { signal: timeout.signal }),
  ]);
  timeout.abort();
  if (result) return;
  const output = said.join("\n");
  if (/Address already in use/.test(output)) throw new PortTaken(options.port, "EADDRINUSE");
  const why = said.findLast((line) => /^(FATAL|PANIC)/.test(line)) ?? said.at(-1) ?? "it said nothing";
  throw new SetupError([`The embedded Postgres did not start on ${options.cluster}: ${why}`]);
}

async function shutDown(child: Child, exited: Promise<void>): Promise<void> {
  for (const signal of ["SIGINT", "SIGQUIT", "SIGKILL"] as const) {
    if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return;
    child.kill(signal);
    const timeout = new AbortController();
    await Promise.race([exited, sleep(SHUTDOWN_MS, undefined, { signal: timeout.signal }).catch(() => {})]);
    timeout.abort();
  }
}
