import type { Stripe } from "../../stripe/types.ts";
import type { Payer } from "./payment-methods.ts";

/** What a session's creator said and the API doesn't show again. */
export interface CheckoutDetails {
  /** The session's id. */
  readonly id: string;
  readonly line_items: Stripe.LineItem[];
  readonly payment: {
    readonly description: string | null;
    readonly metadata: Record<string, string>;
    readonly receipt_email: string | null;
    readonly statement_descriptor: string | null;
    readonly statement_descriptor_suffix: string | null;
  };
  readonly subscription: {
    readonly description: string | null;
    readonly metadata: Record<string, string>;
    readonly billing_mode: "classic" | "flexible";
  };
  /** Whose latest attempt was refused: the page says so, and keeps what was typed. */
  readonly declined: Payer | null;
}
