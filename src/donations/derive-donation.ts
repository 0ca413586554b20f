import { adoptedId } from "../mirror/adoption.ts";
import type { Vault } from "../vault/vault.ts";
import { decodeAttribution } from "./attribution.ts";
import { donorId } from "./ids.ts";
import type {
  DerivedDonation,
  DonationGraph,
  DonationStatus,
  Frequency,
  NewDonation,
  PaymentRow,
  Session,
  Subscription,
} from "./types.ts";

export function deriveDonation(graph: DonationGraph, payments: readonly PaymentRow[]): DerivedDonation {
  const session = bestSession(graph.sessions);
  const subscription = newest(graph.subscriptions);
  const intent = newest(
    graph.paymentIntents.filter((row) => row.donation_id === graph.id || row.id === session?.payment_intent_id),
  );
  const sole = newest(graph.charges.filter((row) => row.donation_id === graph.id));
  const customerId =
    session?.customer_id ?? subscription?.customer_id ?? intent?.customer_id ?? sole?.customer_id ?? null;
  const customer = graph.customers.find((row) => row.id === customerId);
  return {
    status: statusOf(graph, session, payments),
    subscription_status: subscription?.status ?? null,
    donor_id: customerId === null ? null : donorId(customer ?? { id: customerId, email_hash: null }),
    stripe_session: session?.id ?? graph.donation?.stripe_session ?? null,
    stripe_payment_intent: subscription === undefined ? (intent?.id ?? null) : null,
    stripe_subscription: subscription?.id ?? null,
    stripe_customer: customerId,
    running_amount: subscription?.amount || null,
    paused: subscription !== undefined && isPaused(subscription),
  };
}

/** By the newsroom or the reader (collection is paused), or by Stripe itself (a status). */
function isPaused({ status, pause_behavior }: Subscription): boolean {
  if (status === "canceled" || status === "incomplete_expired") return false;
  return pause_behavior !== null || status === "paused";
}

/** A donation that this database has never seen, from what Stripe was told of it. */
export function deriveForeignDonation(graph: DonationGraph, vault: Vault): NewDonation | null {
  const session = bestSession(graph.sessions);
  const subscription = newest(graph.subscriptions);
  const intent = newest(graph.paymentIntents.filter((row) => row.donation_id === graph.id));
  const invoice = newest(graph.invoices);
  const sources = [session, subscription, intent].filter((row) => row !== undefined);
  const charge = newest(graph.charges.filter((row) => row.donation_id === graph.id));
  const currency =
    session?.currency ?? subscription?.currency ?? intent?.currency ?? invoice?.currency ?? charge?.currency;
  const amount =
    session?.amount_total ?? subscription?.amount ?? intent?.amount ?? invoice?.amount_due ?? charge?.amount;
  const created = [...sources, invoice, charge].flatMap((row) => (row === undefined ? [] : [+row.created]));
  if (created.length === 0 || !currency || !amount) return null;

  const code = sources.find((row) => row.attribution_code !== null)?.attribution_code ?? null;
  const remembered = code === null ? null : decodeAttribution(vault, graph.id, code);
  const chosen = remembered?.chosen_amount ?? amount;
  const known = chosen <= amount && (chosen === amount || remembered?.fees_covered === true);
  return {
    ...(remembered ?? {}),
    id: graph.id,
    created_at: new Date(Math.min(...created)),
    origin: isAdopted(graph) ? "adopted" : "stripe",
    frequency: frequencyOf(graph, sources),
    currency,
    amount,
    chosen_amount: known ? chosen : amount,
    fees_covered: known && remembered?.fees_covered === true,
    discreet: remembered?.discreet ?? false,
    newsletter: remembered?.newsletter ?? false,
    no_mail: remembered?.no_mail ?? false,
    status: "created",
  };
}

function isAdopted({ id, subscriptions, paymentIntents, charges }: DonationGraph): boolean {
  return [...subscriptions, ...paymentIntents, ...charges].some((row) => adoptedId(row.id) === id);
}

function frequencyOf(graph: DonationGraph, sources: readonly { readonly frequency: string | null }[]): Frequency {
  const told = sources.find((row) => row.frequency !== null)?.frequency;
  if (told === "once" || told === "monthly" || told === "annual") return told;
  if (graph.subscriptions.some((row) => row.interval === "year")) return "annual";
  const recurs =
    graph.subscriptions.length > 0 ||
    graph.invoices.length > 0 ||
    graph.sessions.some((row) => row.mode === "subscription");
  return recurs ? "monthly" : "once";
}

function statusOf(graph: DonationGraph, session: Session | undefined, payments: readonly PaymentRow[]): DonationStatus {
  if (payments.some((row) => row.status === "paid")) return "paid";
  if (session?.status === "complete" && session.payment_status !== "unpaid") return "paid";
  if (payments.some((row) => row.status === "processing")) return "processing";
  if (payments.some((row) => row.status === "failed")) return "failed";
  if (graph.subscriptions.some((row) => row.status === "incomplete_expired")) return "failed";
  if (session?.status === "complete") return "processing";
  if (session?.status === "expired") return "expired";
  if (graph.paymentIntents.some((row) => row.status === "canceled")) return "failed";
  if (session !== undefined || graph.paymentIntents.length > 0 || graph.subscriptions.length > 0) return "open";
  return (graph.donation?.status as DonationStatus | undefined) ?? "created";
}

/** A session that Stripe recovered has the same metadata as the one it replaces: the completed one counts, else the newest. */
function bestSession(sessions: readonly Session[]): Session | undefined {
  const complete = sessions.filter((row) => row.status === "complete");
  return newest(complete.length > 0 ? complete : sessions);
}

function newest<Row extends { readonly id: string; readonly created: Date }>(rows: readonly Row[]): Row | undefined {
  return rows.toSorted((a, b) => +b.created - +a.created || (a.id < b.id ? 1 : -1))[0];
}
