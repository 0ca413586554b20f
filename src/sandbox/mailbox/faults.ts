/**
 * What a mail server may do to a mail. `temporary`: not now (451); `permanent`: nobody there (550); `refuse_message`: not this text (554);
 * `hang`: no answer; `cut_after_accept`: it has the mail, but the connection breaks before it says so.
 */
export const MAIL_FAULTS = ["temporary", "permanent", "refuse_message", "hang", "cut_after_accept"] as const;
export type MailFault = (typeof MAIL_FAULTS)[number];

export interface PlannedFault {
  readonly kind: MailFault;
  readonly times: number;
  /** Only to this recipient. */
  readonly to?: string | undefined;
}

export interface MailFaults {
  plan(fault: PlannedFault): void;
  /** The fault that waits for a mail to this recipient, if it is one of these kinds; it has happened once more then. */
  take(kinds: readonly MailFault[], recipients: readonly string[]): MailFault | null;
  clear(): void;
}

export function mailFaults(): MailFaults {
  let planned: PlannedFault[] = [];
  return {
    plan: (fault) => {
      planned.push(fault);
    },
    take: (kinds, recipients) => {
      const to = recipients.map((each) => each.toLowerCase());
      const fits = (fault: PlannedFault) => fault.to === undefined || to.includes(fault.to.toLowerCase());
      // In the order in which they were planned, also where the first shows itself later in the talk.
      const next = planned.find(fits);
      if (next === undefined || !kinds.includes(next.kind)) return null;
      planned = planned.flatMap((fault) => {
        if (fault !== next) return [fault];
        return fault.times > 1 ? [{ ...fault, times: fault.times - 1 }] : [];
      });
      return next.kind;
    },
    clear: () => {
      planned = [];
    },
  };
}
