import { createServer, type RequestListener, type Server } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { SetupError } from "./shared/errors.ts";

export interface Listening {
  readonly port: number;
  /** No new connections; resolves when the last request is answered. */
  close(): Promise<void>;
}

/** @throws SetupError naming the port when something else has it */
export async function listen(app: RequestListener, host: string, port: number): Promise<Listening> {
  const server = createServer(app);
  server.requestTimeout = 30_000;
  server.headersTimeout = 15_000;
  server.keepAliveTimeout = 65_000;
  const sockets = openSockets(server);
  await new Promise<void>((resolve, reject) => {
    server.once("error", (error) => reject(explain(error, host, port)));
    server.listen(port, host, resolve);
  });
  return { port: (server.address() as AddressInfo).port, close: () => close(server, sockets) };
}

function openSockets(server: Server): ReadonlySet<Socket> {
  const sockets = new Set<Socket>();
  server.on("connection", (socket) => {
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
  });
  return sockets;
}

async function close(server: Server, sockets: ReadonlySet<Socket>): Promise<void> {
  const closed = new Promise<void>((resolve) => {
    server.close(() => resolve());
  });
  const sweep = () => {
    server.closeIdleConnections();
    // Node counts a connection on which nothing has come yet as busy; browsers and proxies open some in advance.
    for (const socket of sockets) if (socket.bytesRead === 0) socket.destroy();
  };
  sweep();
  const timer = setInterval(sweep, 100);
  await closed;
  clearInterval(timer);
}

function explain(error: NodeJS.ErrnoException, host: string, port: number): Error {
  if (error.code === "EADDRINUSE") {
    return new SetupError([
      `PORT: ${port} on ${host} is taken by another program. Stop that one, or set PORT to a free port.`,
    ]);
  }
  if (error.code === "EACCES")
    return new SetupError([`PORT: ${port} needs more rights than this account has. Set PORT above 1023.`]);
  if (error.code === "EADDRNOTAVAIL")
    return new SetupError([`HOST: ${host} is no address of this machine. Set HOST to one that is.`]);
  return error;
}
