import type { MailData, MailKind } from "./kinds.ts";
import type { MailToRender } from "./render.ts";

export function sampleMail<K extends MailKind>(kind: K): Omit<MailToRender<K>, "locale" | "discreet"> {
  return {
    kind,
    data: { frequency: "monthly", amount: 1000, currency: "EUR" } as unknown as MailData[K],
    links: { stop: null, fix: null, give: null, manage: null, confirm: null, unsubscribe: null },
    reference: "0190a0b0",
  };
}
