import type { Gauges } from "./metrics.queries.ts";

const PREFIX = "reader_donations_";

interface Gauge {
  readonly name: string;
  readonly help: string;
  /** One value, or one for each value of the label. A gauge that is not known yet is left out. */
  readonly value:
    | number
    | null
    | { readonly label: string; readonly values: Readonly<Record<string, number>> }
    | Series;
}

/** One value for each set of labels, as `kind="thank_you",state="sent"`. */
interface Series {
  readonly series: Readonly<Record<string, number>>;
}

/** What has happened, in Prometheus's text format. https://prometheus.io/docs/instrumenting/exposition_formats/ */
export function metricsText(gauges: Gauges): string {
  return gaugesOf(gauges).map(textOf).join("");
}

function gaugesOf(gauges: Gauges): readonly Gauge[] {
  return [
    {
      name: "inbox_events",
      help: "Events that were not applied yet, or never could be.",
      value: { label: "state", values: gauges.inbox },
    },
    {
      name: "inbox_oldest_seconds",
      help: "Age of the oldest event that waits to be applied.",
      value: gauges.inbox_oldest_seconds,
    },
    { name: "dirty_objects", help: "Objects whose donations wait to be derived.", value: gauges.dirty },
    { name: "refetches_due", help: "Objects that wait to be fetched from Stripe.", value: gauges.refetches_due },
    {
      name: "alerts",
      help: "What the code did not expect of Stripe.",
      value: { label: "kind", values: { unknown_state: 0, early_fraud_warning: 0, ...gauges.alerts } },
    },
    {
      name: "reconciliation_differences",
      help: "Open differences between the books and Stripe.",
      value: sum(gauges.differences),
    },
    {
      name: "reconciliation_differences_by_kind",
      help: "Open differences between the books and Stripe, of each kind that there is.",
      value: { label: "kind", values: gauges.differences },
    },
    {
      name: "reconciliation_finished_timestamp_seconds",
      help: "When the latest comparison with Stripe ended.",
      value: gauges.reconciled_at,
    },
    {
      name: "ledger_age_seconds",
      help: "Since balance transactions were last pulled to the end.",
      value: gauges.ledger_age_seconds,
    },
    {
      name: "mails",
      help: "Mails of each kind that wait, and that were sent, suppressed or given up so far.",
      value: {
        series: Object.fromEntries(gauges.mails.map(({ kind, state, n }) => [`kind="${kind}",state="${state}"`, n])),
      },
    },
    { name: "mail_oldest_seconds", help: "Age of the oldest mail that waits.", value: gauges.mail_oldest_seconds },
    {
      name: "reminders_pending",
      help: "Reminders by mail that have not been taken up yet.",
      value: gauges.reminders_pending,
    },
    {
      name: "reminders_overdue_seconds",
      help: "Since when the first of them has been due.",
      value: gauges.reminders_overdue_seconds,
    },
  ];
}

function textOf({ name, help, value }: Gauge): string {
  if (value === null) return "";
  const head = `# HELP ${PREFIX}${name} ${help}\n# TYPE ${PREFIX}${name} gauge\n`;
  if (typeof value === "number") return `${head}${PREFIX}${name} ${value}\n`;
  const lines = Object.entries(seriesOf(value)).map(([labels, count]) => `${PREFIX}${name}{${labels}} ${count}\n`);
  return head + lines.join("");
}

function seriesOf(value: Exclude<Gauge["value"], number | null>): Readonly<Record<string, number>> {
  if ("series" in value) return value.series;
  return Object.fromEntries(Object.entries(value.values).map(([key, count]) => [`${value.label}="${key}"`, count]));
}

function sum(counts: Readonly<Record<string, number>>): number {
  return Object.values(counts).reduce((total, count) => total + count, 0);
}
