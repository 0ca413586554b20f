import type { MailData, MailKind, MailLinks } from "./kinds.ts";

interface Sample<K extends MailKind> {
  readonly kind: K;
  readonly data: MailData[K];
  readonly links: MailLinks;
  readonly reference: string;
}

export function sampleMail<K extends MailKind>(kind: K): Sample<K> {
  return {
    kind,
    data: { frequency: "monthly", amount: 1000, currency: "EUR" } as unknown as MailData[K],
    links: { stop: null, fix: null, give: null, manage: null, confirm: null, unsubscribe: null },
    reference: "0190a0b0",
  };
}
