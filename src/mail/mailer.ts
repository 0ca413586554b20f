import { SMTP_DEADLINE_MS, SMTP_TIMEOUT_MS } from "../shared/limits.ts";
import { failureOf, MailFailure } from "./smtp-failure.ts";

/** One mail as it goes out. */
export interface OutgoingMail {
  readonly messageId: string;
  readonly from: { readonly name: string; readonly address: string };
  readonly replyTo: string | null;
  readonly to: string;
  readonly subject: string;
  readonly html: string;
  readonly text: string;
  readonly headers: Readonly<Record<string, string>>;
}

export interface Mailer {
  /** Whether there is a server to send through; without one, mail waits. */
  readonly configured: boolean;
  /** Resolves once the server has taken the mail. @throws MailFailure, and nothing else */
  send(mail: OutgoingMail): Promise<void>;
  close(): void;
}

interface MailerOptions {
  /** `smtp://` (STARTTLS where the server offers it) or `smtps://`; null where none is set. */
  readonly smtpUrl: string | null;
  /** What this machine calls itself to the server. */
  readonly name: string;
  readonly timeoutMs?: number;
  readonly deadlineMs?: number;
}

/** Of what may stand in an address, nothing that a mail program could take for a second one, or for a name. */
const ONE_ADDRESS = /^[^\s\p{Cc}@<>()[\]\\,;:"]+@[^\s\p{Cc}@<>()[\]\\,;:"]+$/u;

type Transport = Awaited<ReturnType<typeof connect>>;

/** The texts of mails that are being sent, by their Message-ID: whether one was begun to be read tells whether the server may have it. */
type Texts = Map<string, { readonly readableDidRead: boolean }>;

/** Sends over SMTP, on a few connections that are kept open. The library is loaded with the first mail. */
export function createMailer(options: MailerOptions): Mailer {
  const { smtpUrl, deadlineMs = SMTP_DEADLINE_MS } = options;
  let transport: Promise<Transport> | null = null;
  const texts: Texts = new Map();
  return {
    configured: smtpUrl !== null,
    send: async (mail) => {
      if (smtpUrl === null) throw new MailFailure("temporary", "not_configured");
      if (!ONE_ADDRESS.test(mail.to)) throw new MailFailure("address_invalid", "address_invalid");
      transport ??= connect(smtpUrl, options, texts);
      try {
        await (await transport).sendMail({
          messageId: mail.messageId,
          from: mail.from,
          to: { name: "", address: mail.to },
          envelope: { from: mail.from.address, to: [mail.to] },
          ...(mail.replyTo === null ? {} : { replyTo: { name: "", address: mail.replyTo } }),
          subject: mail.subject,
          html: mail.html,
          text: mail.text,
          headers: { ...mail.headers },
          disableFileAccess: true,
          disableUrlAccess: true,
          // A server that trickles its answers is never silent for long.
          signal: AbortSignal.timeout(deadlineMs),
        });
      } catch (error) {
        throw failureOf(error, texts.get(mail.messageId)?.readableDidRead === true);
      } finally {
        texts.delete(mail.messageId);
      }
    },
    close: () => {
      void transport?.then((open) => open.close());
    },
  };
}

async function connect(url: string, { name, timeoutMs = SMTP_TIMEOUT_MS }: MailerOptions, texts: Texts) {
  const { createTransport } = await import("nodemailer");
  const transport = createTransport({
    url: withoutLogs(url),
    pool: true,
    requireTLS: needsTls(url),
    name,
    connectionTimeout: timeoutMs,
    greetingTimeout: timeoutMs,
    socketTimeout: timeoutMs,
    dnsTimeout: timeoutMs,
    // Only for a connection that the server had closed while it was idle; all other failures are the queue's to try again.
    maxRequeues: 1,
    logger: false,
  });
  transport.use("stream", ({ data, message }, done) => {
    const { messageId } = data;
    const read = message.createReadStream.bind(message);
    message.createReadStream = (...args) => {
      const text = read(...args);
      if (messageId) texts.set(messageId, text);
      return text;
    };
    done();
  });
  return transport;
}

/**
 * Whether a connection has to be encrypted before any address is told: always, but on this machine and to a name without a dot, as a container
 * beside this one has. For a relay on a private network, `?requireTLS=false` in the address says otherwise.
 */
export function needsTls(url: string): boolean {
  const host = new URL(url).hostname;
  return host.includes(".") && !/^127\./.test(host) && !host.endsWith(".localhost");
}

/** The address may hold any option of the library; these would print whole conversations. */
function withoutLogs(text: string): string {
  const url = new URL(text);
  for (const name of ["logger", "debug", "transactionLog"]) url.searchParams.delete(name);
  return url.href;
}
