import { INTERVALS } from "../query-schema.ts";
import { DIMENSIONS } from "../rollups/fold.queries.ts";
import { words } from "./figures.ts";
import { choices, type Field } from "./filters.page.ts";

/** A form for a file. Its fields are those of the file's query. */
export interface ExportForm {
  /** Of /v1/reports/NAME.csv, and of the form's address. */
  readonly name: string;
  readonly title: string;
  readonly about: string;
  /** Beside `from` and `to`. */
  readonly fields: readonly Field[];
  readonly hasPeriod: boolean;
}

const ANY = { value: "", name: "All" };
const anyOf = (values: readonly string[]) => [ANY, ...choices(values, words)];
const CURRENCY: Field = { kind: "text", name: "currency", label: "Currency", hint: "all" };

/** Every file that there is, those for the accounting package first. */
export const EXPORT_FORMS: readonly ExportForm[] = [
  {
    name: "journal",
    title: "Journal",
    about: "Debits and credits for the accounting package, one balanced entry for each day and each payout.",
    hasPeriod: true,
    fields: [
      {
        kind: "choice",
        name: "format",
        label: "Format",
        options: [
          { value: "generic", name: "Generic" },
          { value: "quickbooks", name: "QuickBooks Online" },
          { value: "xero", name: "Xero" },
          { value: "datev", name: "DATEV" },
        ],
      },
      { ...CURRENCY, label: "Settlement currency" },
      { kind: "number", name: "part", label: "Part", hint: "if it has several" },
    ],
  },
  {
    name: "summary",
    title: "Summary",
    about: "Gross, refunds, disputes, fees and net by period, frequency and settlement currency.",
    hasPeriod: true,
    fields: [{ kind: "choice", name: "interval", label: "By", value: "month", options: choices(INTERVALS) }],
  },
  {
    name: "payments",
    title: "Payments",
    about: "One row for each payment, with its settlement, payout and source. Donors are pseudonymous ids.",
    hasPeriod: true,
    fields: [
      { kind: "choice", name: "status", label: "State", options: anyOf(["processing", "paid", "failed"]) },
      { kind: "choice", name: "frequency", label: "Frequency", options: anyOf(["once", "monthly", "annual"]) },
      { ...CURRENCY, label: "Donor’s currency" },
      { kind: "text", name: "campaign", label: "Campaign", hint: "all" },
      { kind: "text", name: "article_id", label: "Article’s id", hint: "all" },
      { kind: "text", name: "placement", label: "Placement", hint: "all" },
      { kind: "text", name: "country", label: "Card’s country", hint: "all" },
    ],
  },
  {
    name: "payouts",
    title: "Payouts",
    about: "One row for each payout, and whether it adds up. A payout’s own page has its lines as a file.",
    hasPeriod: true,
    fields: [CURRENCY],
  },
  {
    name: "balance",
    title: "Balance",
    about: "Opening, activity, payouts and closing of each currency.",
    hasPeriod: true,
    fields: [],
  },
  {
    name: "disputes",
    title: "Disputes",
    about: "All disputes; with days, those made in them.",
    hasPeriod: true,
    fields: [{ kind: "choice", name: "status", label: "State", options: anyOf(["open", "closed"]) }],
  },
  {
    name: "recurring",
    title: "Recurring gifts",
    about: "By month and donors’ currency, with retention.",
    hasPeriod: true,
    fields: [],
  },
  {
    name: "audience",
    title: "Audience",
    about: "Views, sessions, conversion and money by source.",
    hasPeriod: true,
    fields: [{ kind: "choice", name: "by", label: "By", options: choices(DIMENSIONS, words) }],
  },
  {
    name: "reminders",
    title: "Reminders",
    about: "What became of the reminders that were asked for.",
    hasPeriod: true,
    fields: [
      {
        kind: "choice",
        name: "by",
        label: "By",
        options: choices(["month", "article", "campaign", "lead_time"], words),
      },
    ],
  },
  {
    name: "reconciliation",
    title: "Comparison with Stripe",
    about: "What differs between the books and Stripe.",
    hasPeriod: false,
    fields: [{ kind: "choice", name: "state", label: "Differences", options: choices(["open", "resolved", "all"]) }],
  },
];

/** The last field of each form for a file. */
export const BOM: Field = {
  kind: "choice",
  name: "bom",
  label: "For",
  options: [
    { value: "0", name: "any program" },
    { value: "1", name: "Excel (marked as UTF-8)" },
  ],
};
