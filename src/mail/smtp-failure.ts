/**
 * What a failure to send means. `server`: it would have met any mail, and says nothing about this one; `temporary`: the same mail may go through
 * later, or once an operator has mended the account; `address`: nobody can be reached there; `address_invalid`: no server was asked, as nobody
 * could be; `message`: this mail won't be taken.
 */
export type FailureOutcome = "server" | "temporary" | "address" | "address_invalid" | "message";

/** A failure in our own words: what a server says quotes addresses. */
export class MailFailure extends Error {
  readonly outcome: FailureOutcome;
  /** Such as `451 4.7.1` or `timeout`. */
  readonly code: string;

  constructor(outcome: FailureOutcome, code: string) {
    super(`The mail was not taken (${outcome}: ${code}).`);
    this.name = "MailFailure";
    this.outcome = outcome;
    this.code = code;
  }
}

/** What nodemailer puts on its errors. */
interface SmtpError {
  readonly code?: unknown;
  readonly responseCode?: unknown;
  readonly response?: unknown;
  readonly command?: unknown;
}

/** Before a server hears of the mail itself, but for its sender. */
const BEFORE_THE_MAIL = /^(?:CONN|EHLO|HELO|LHLO|STARTTLS|AUTH\b.*|MAIL FROM)$/;
/** Said of the mail's size, which MAIL FROM tells, too. */
const TOO_BIG = 552;

/** No server has answered. */
const WITHOUT_ANSWER: Readonly<Record<string, string>> = {
  ETIMEDOUT: "timeout",
  EABORT: "timeout",
  ECONNECTION: "connection",
  ESOCKET: "connection",
  EDNS: "dns",
  ETLS: "tls",
  EAUTH: "auth",
  ENOAUTH: "auth",
};

/**
 * Sorts an error of nodemailer by its consequence. https://www.rfc-editor.org/rfc/rfc5321#section-4.2.1 and, for the enhanced codes,
 * https://www.rfc-editor.org/rfc/rfc3463. A refusal for reasons of policy (5.7.x, "relay access denied"), of a full mailbox or without an enhanced
 * code says nothing about the address: were it held against it, one wrong setting would cost the newsroom every donor's address.
 * @param begun whether the text of the mail was on its way: the server may have taken it then
 */
export function failureOf(error: unknown, begun = false): MailFailure {
  if (error instanceof MailFailure) return error;
  const { code, responseCode, response, command } = (error ?? {}) as SmtpError;
  if (typeof responseCode !== "number" || code === "EAUTH") {
    // Refused before any server was asked: it is no address that mail can be sent to.
    if (code === "EENVELOPE") return new MailFailure("address_invalid", "address_invalid");
    const said = WITHOUT_ANSWER[String(code)];
    return new MailFailure(said === undefined || begun ? "temporary" : "server", said ?? "unknown");
  }
  const enhanced = typeof response === "string" ? /^\d{3}[ -](\d\.\d{1,3}\.\d{1,3})\b/.exec(response)?.[1] : undefined;
  const said = enhanced === undefined ? String(responseCode) : `${responseCode} ${enhanced}`;
  if (BEFORE_THE_MAIL.test(String(command)) && responseCode !== TOO_BIG) return new MailFailure("server", said);
  if (responseCode < 500 || responseCode === 503) return new MailFailure("temporary", said);
  if (isNobodyThere({ enhanced, command })) return new MailFailure("address", said);
  return new MailFailure(command === "DATA" && enhanced !== "5.2.2" ? "message" : "temporary", said);
}

interface Refusal {
  readonly enhanced: string | undefined;
  readonly command: unknown;
}

/**
 * No such mailbox, an address that is none, one that has moved, a domain that takes no mail (RFC 7505), a mailbox that is closed. A bare 550
 * isn't among them: it is also how relays turn away whom they don't know. Nor is 5.1.2: it may be the server's own trouble with names.
 */
const NOBODY_THERE: ReadonlySet<string | undefined> = new Set(["5.1.1", "5.1.3", "5.1.6", "5.1.10", "5.2.1"]);

function isNobodyThere({ enhanced, command }: Refusal): boolean {
  return (command === "RCPT TO" || command === "DATA") && NOBODY_THERE.has(enhanced);
}
