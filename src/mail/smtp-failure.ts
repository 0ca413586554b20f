/**
 * What a failure to send means. `temporary`: the same mail may go through later, or once an operator has mended the account; `address`:
 * nobody can be reached there; `address_invalid`: no server was asked, as nobody could be; `message`: this mail won't be taken.
 */
export type FailureOutcome = "temporary" | "address" | "address_invalid" | "message";

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
 * https://www.rfc-editor.org/rfc/rfc3463. A refusal for reasons of policy (5.7.x, "relay access denied") or of a full mailbox says nothing
 * about the address: were it held against it, one wrong setting would cost the newsroom every donor's address.
 */
export function failureOf(error: unknown): MailFailure {
  if (error instanceof MailFailure) return error;
  const { code, responseCode, response, command } = (error ?? {}) as SmtpError;
  if (typeof responseCode !== "number" || code === "EAUTH") {
    // Refused before any server was asked: it is no address that mail can be sent to.
    if (code === "EENVELOPE") return new MailFailure("address_invalid", "address_invalid");
    return new MailFailure("temporary", WITHOUT_ANSWER[String(code)] ?? "unknown");
  }
  const enhanced = typeof response === "string" ? /^\d{3}[ -](\d\.\d{1,3}\.\d{1,3})\b/.exec(response)?.[1] : undefined;
  const said = enhanced === undefined ? String(responseCode) : `${responseCode} ${enhanced}`;
  if (responseCode < 500 || responseCode === 503) return new MailFailure("temporary", said);
  if (isNobodyThere({ responseCode, enhanced, command })) return new MailFailure("address", said);
  return new MailFailure(command === "DATA" && enhanced !== "5.2.2" ? "message" : "temporary", said);
}

interface Refusal {
  readonly responseCode: number;
  readonly enhanced: string | undefined;
  readonly command: unknown;
}

/** A bad address (5.1.x, but for those of the sender), a mailbox that is gone (5.2.1), or what said so before there were enhanced codes. */
function isNobodyThere({ responseCode, enhanced, command }: Refusal): boolean {
  if (command !== "RCPT TO" && command !== "DATA") return false;
  if (enhanced === undefined) return command === "RCPT TO" && [550, 551, 553].includes(responseCode);
  return /^5\.1\.(?![78]$)/.test(enhanced) || enhanced === "5.2.1";
}
