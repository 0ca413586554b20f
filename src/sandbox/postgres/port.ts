import { createServer } from "node:net";
import { SetupError } from "../../shared/errors.ts";

/** A TCP port on 127.0.0.1 that is free now: the one asked for, or else any. Throws a SetupError that names a taken one. */
export async function freePort(wanted: number | undefined): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  const server = createServer();
  server.once("error", (error: NodeJS.ErrnoException) =>
    reject(wanted === undefined ? error : new PortTaken(wanted, error.code)),
  );
  server.listen({ host: "127.0.0.1", port: wanted ?? 0, exclusive: true }, () => {
    const address = server.address();
    const port = typeof address === "object" && address !== null ? address.port : 0;
    server.close(() => resolve(port));
  });
  return await promise;
}

/** A port that cannot be listened on, in words that say which and what to do. */
export class PortTaken extends SetupError {
  constructor(port: number, code: string | undefined) {
    const why = code === "EADDRINUSE" ? "another program is using it" : `the system refused it (${code})`;
    super([`The embedded Postgres cannot listen on port ${port} of 127.0.0.1: ${why}. Free it or choose another.`]);
  }
}
