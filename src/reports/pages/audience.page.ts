import { type Html, html } from "../../http/html.ts";
import { parse } from "../../http/parse.ts";
import { type Column, table } from "../../pages/finance/table.page.ts";
import type { Period } from "../../shared/period.ts";
import type { AudiencePosition } from "../audience.queries.ts";
import { type AudienceRow, audiencePage as readPage } from "../audience.ts";
import { periodOf } from "../period.ts";
import { audienceQuery } from "../query-schema.ts";
import { DIMENSIONS, type Dimension } from "../rollups/fold.queries.ts";
import { count, money, percent } from "./figures.ts";
import { choices, filterForm, more, periodFields, shortcuts } from "./filters.page.ts";
import type { ReportPage } from "./report-page.ts";

const PATH = "/finance/audience";
const LIMIT = 100;

/** What the report groups by, as it is asked for and as it is told. */
const NAMES: Readonly<Record<Dimension, string>> = {
  article: "Article",
  campaign: "Campaign",
  placement: "Placement",
  variant: "Variant",
  country: "Country",
  utm_source: "UTM source",
};

interface Question {
  readonly by: Dimension;
  readonly period: Period;
  readonly timeZone: string;
  readonly cursor: AudiencePosition | undefined;
  readonly limit: number;
}

/** Where gifts come from: what was shown, what was begun, what was given. */
export const audiencePage: ReportPage<Question> = {
  path: PATH,
  section: PATH,
  title: "Audience",
  read: (deps, sent) => {
    const { by, cursor, limit, ...days } = parse(audienceQuery, sent);
    return { by, ...periodOf(deps, days), cursor, limit: limit ?? LIMIT };
  },
  filters: (deps, asked) => {
    const { question, typed } = asked;
    const by = question?.by ?? typed.by ?? "article";
    return html`${filterForm(
      {
        action: PATH,
        id: "filter",
        fields: [
          {
            kind: "choice",
            name: "by",
            label: "By",
            value: by,
            options: choices(DIMENSIONS, (each) => NAMES[each as Dimension]),
          },
          ...periodFields(question?.period ?? null),
        ],
        button: "Show",
      },
      asked,
    )}${shortcuts(PATH, { now: deps.now(), timeZone: deps.newsroom().time_zone }, question?.period ?? null, { by })}`;
  },
  show: async ({ db }, { by, period, timeZone, cursor, limit }, { typed }) => {
    const { rows, next_cursor } = await readPage(db, { by, period, timeZone }, cursor ?? null, limit);
    const query = { by, from: period.from, to: period.to };
    const columns = columnsOf(by);
    return {
      tools: html`<a href="/v1/reports/audience.csv?${new URLSearchParams(query).toString()}">Download CSV</a>`,
      body: html`${table({
        id: "audience",
        caption: `By ${NAMES[by].toLowerCase()}, those with most sessions first`,
        columns: columns.map(({ head, number }) => ({ head, number })),
        rows: rows.map((row) => columns.map(({ cell }) => cell(row))),
        empty: "Nothing was shown or given in this period.",
      })}
${more(PATH, query, next_cursor, typed)}
<p class="small">Sessions are checkouts begun in the period, completed those of them that were paid. Gross and net are what Stripe booked in the period, also of
gifts that began before it; a source with money in several currencies has a row for each, and its counts stand in the first.</p>`,
    };
  },
};

interface AudienceColumn {
  readonly head: string;
  readonly number: boolean;
  readonly cell: (row: AudienceRow) => Html | string | null;
}

/** Views know no country and no link, so there they have no columns. */
function columnsOf(by: Dimension): readonly (AudienceColumn & Column)[] {
  const counted = (head: string, read: (row: AudienceRow) => number | null): AudienceColumn & Column => ({
    head,
    number: true,
    // On a source's further rows its counts are left out.
    cell: (row) => (row.sessions === null ? null : count(read(row))),
  });
  const paid = (head: string, read: (row: AudienceRow) => number | null): AudienceColumn & Column => ({
    head,
    number: true,
    cell: (row) => (row.currency === null ? "–" : money(read(row), row.currency)),
  });
  const isViewed = by !== "country" && by !== "utm_source";
  return [
    { head: NAMES[by], number: false, cell: sourceOf },
    ...(isViewed
      ? [
          counted("Shown", (row) => row.shown),
          counted("Opened", (row) => row.opened),
          counted("Continued", (row) => row.continued),
        ]
      : []),
    counted("Sessions", (row) => row.sessions),
    counted("Completed", (row) => row.completed),
    { head: "Conversion", number: true, cell: (row) => (row.sessions === null ? null : percent(row.conversion)) },
    { head: "In", number: false, cell: (row) => row.currency },
    paid("Gross", (row) => row.gross),
    paid("Net", (row) => row.net),
    paid("Value after 12 months", (row) => row.value_12_months),
  ];
}

function sourceOf({ source, sessions }: AudienceRow): Html {
  const name = source === null ? html`<span class="none">not known</span>` : html`<bdi>${source}</bdi>`;
  return sessions === null ? html`<span class="none">${name}</span>` : name;
}
