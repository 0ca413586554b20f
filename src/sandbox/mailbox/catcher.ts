import { type AddressInfo, createServer, type Socket } from "node:net";
import { type MailFaults, mailFaults } from "./faults.ts";
import { type Mailbox, openMailbox } from "./mailbox.ts";

export interface MailCatcher {
  /** `smtp://127.0.0.1:PORT`. */
  readonly url: string;
  readonly mailbox: Mailbox;
  readonly faults: MailFaults;
  close(): Promise<void>;
}

/**
 * A mail server on this machine that keeps whatever it is given, for nobody but whoever tries the service out. What speaks SMTP is loaded
 * with the first connection. @param file where mails are kept; null: in memory alone
 */
export async function startMailCatcher(file: string | null): Promise<MailCatcher> {
  const parts = { mailbox: openMailbox(file), faults: mailFaults() };
  const sockets = new Set<Socket>();
  let talk: Promise<{ accept(socket: Socket): void }> | null = null;
  const server = createServer({ pauseOnConnect: true }, (socket) => {
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
    // A client that goes away in the middle of something is no trouble of ours.
    socket.on("error", () => undefined);
    talk ??= import("./smtp.ts").then(({ smtpTalk }) => smtpTalk(parts));
    void talk.then(({ accept }) => {
      accept(socket);
      socket.resume();
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(0, "127.0.0.1", resolve);
  });
  const { port } = server.address() as AddressInfo;
  return {
    ...parts,
    url: `smtp://127.0.0.1:${port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of sockets) socket.destroy();
      }),
  };
}
