import { randomUUID } from "node:crypto";
import type { Socket } from "node:net";
import { type ParsedMail, simpleParser } from "mailparser";
import { SMTPServer, type SMTPServerDataStream, type SMTPServerSession } from "smtp-server";
import type { MailFaults } from "./faults.ts";
import type { CaughtMail, Mailbox } from "./mailbox.ts";

const LARGEST_BYTES = 5 * 1024 * 1024;

/** Speaks SMTP on connections that it is given, and puts what it receives into the mailbox. */
export function smtpTalk({ mailbox, faults }: { readonly mailbox: Mailbox; readonly faults: MailFaults }) {
  const server = new SMTPServer({
    disabledCommands: ["STARTTLS", "AUTH"],
    disableReverseLookup: true,
    size: LARGEST_BYTES,
    logger: false,
    onRcptTo: ({ address }, _session, done) => {
      const fault = faults.take(["temporary", "permanent"], [address]);
      // As real servers do, it quotes the address.
      if (fault === "temporary") done(refusal(451, `4.3.0 <${address}>: not now`));
      else if (fault === "permanent") done(refusal(550, `5.1.1 <${address}>: nobody of that name`));
      else done();
    },
    onData: (stream, session, done) => {
      receive(stream, session).then(
        () => done(),
        (error: Error) => done(error),
      );
    },
  });
  // A client that goes away in the middle of something is no trouble of ours.
  server.on("error", () => undefined);
  return { accept: (socket: Socket) => void server.server.emit("connection", socket) };

  async function receive(stream: SMTPServerDataStream, session: SMTPServerSession): Promise<void> {
    const recipients = session.envelope.rcptTo.map(({ address }) => address);
    const mail = mailOf(await simpleParser(stream), recipients);
    const fault = faults.take(["refuse_message", "hang", "cut_after_accept"], recipients);
    if (fault === "hang") await new Promise(() => undefined);
    if (fault === "refuse_message") throw refusal(554, `5.6.0 the mail to ${recipients.join(", ")} is not taken`);
    mailbox.add(mail);
    if (fault === "cut_after_accept") cut(session);
  }

  function cut(session: SMTPServerSession): void {
    for (const connection of server.connections) if (connection.id === session.id) connection._socket.destroy();
  }
}

function refusal(responseCode: number, message: string): Error {
  return Object.assign(new Error(message), { responseCode });
}

function mailOf(mail: ParsedMail, recipients: readonly string[]): Omit<CaughtMail, "repeats"> {
  const headers = mail.headerLines.map(({ line }) => headerOf(Buffer.from(line, "latin1").toString("utf8")));
  const html = mail.html || "";
  return {
    id: randomUUID(),
    received_at: new Date().toISOString(),
    from: mail.from?.text ?? "",
    to: [...recipients],
    subject: mail.subject ?? "",
    message_id: mail.messageId ?? null,
    idempotency_key: headers.find(({ name }) => name.toLowerCase() === "idempotency-key")?.value ?? null,
    headers,
    html,
    text: mail.text ?? "",
    links: linksOf(html),
  };
}

function headerOf(line: string): { name: string; value: string } {
  const [name = "", ...rest] = line.split(":");
  const value = rest.join(":").replace(/\r?\n(?=[ \t])/g, "");
  return { name: name.trim(), value: value.trim() };
}

const NAMED: Readonly<Record<string, string>> = { amp: "&", quot: '"', apos: "'", lt: "<", gt: ">" };

function linksOf(html: string): string[] {
  return [...html.matchAll(/<a\s[^>]*?href="([^"]*)"/gi)].map(([, href = ""]) =>
    href.replace(/&(?:#(\d+)|#x([0-9a-f]+)|(\w+));/gi, (whole, decimal?: string, hex?: string, name?: string) => {
      if (name !== undefined) return NAMED[name] ?? whole;
      return String.fromCodePoint(decimal === undefined ? Number.parseInt(hex ?? "", 16) : Number(decimal));
    }),
  );
}
