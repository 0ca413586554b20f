import { type ScaleBand, type ScaleLinear, scaleBand, scaleLinear } from "d3-scale";
import { line } from "d3-shape";
import { type Html, html } from "../../http/html.ts";

export interface Series {
  readonly name: string;
  /** Bars stand side by side, lines lie over them: told apart without their colours. */
  readonly kind: "bar" | "line";
  readonly colour: 1 | 2 | 3 | 4;
  /** A whole number for each month. */
  readonly values: readonly number[];
}

export interface MonthsChart {
  /** Unique on its page. */
  readonly id: string;
  readonly title: string;
  /** Two of them stand beside each other where there is room. */
  readonly half?: boolean;
  /** What is to be seen, in a sentence or two, for whoever can't see it; the figures themselves stand in a table. */
  readonly description: string;
  /** First days of months, YYYY-MM-DD, the earliest first. */
  readonly months: readonly string[];
  readonly series: readonly Series[];
  /** How a value is written at the axis. */
  readonly tick: (value: number) => string;
}

export interface Size {
  readonly name: "wide" | "half" | "small";
  readonly width: number;
  readonly height: number;
  /** How many months at most are named. */
  readonly labels: number;
}

const TICKS = 4;
const TOP = 10;
const BOTTOM = 38;
const RIGHT = 6;
/** Of a letter at the axis, on the safe side. */
const LETTER = 7;

interface Frame {
  readonly x: ScaleBand<string>;
  readonly y: ScaleLinear<number, number>;
  readonly left: number;
  readonly right: number;
}

/** One chart in one size, as SVG. Colours and lines are classes of the style sheet. */
export function drawMonths(chart: MonthsChart, size: Size): Html {
  const frame = frameOf(chart, size);
  const [title, description] = [`${chart.id}-${size.name}-title`, `${chart.id}-${size.name}-desc`];
  return html`<svg class="${size.name}" viewBox="0 0 ${size.width} ${size.height}" role="img" aria-labelledby="${title} ${description}">
<title id="${title}">${chart.title}</title>
<desc id="${description}">${chart.description}</desc>
${axis(chart, frame)}
${chart.months.map((month, index) => index % every(chart, size) === 0 && monthLabel(month, index, frame, size, every(chart, size)))}
${bars(chart, frame)}
${chart.series.filter(({ kind }) => kind === "line").map((series) => curve(series, chart.months, frame))}
</svg>`;
}

function frameOf(chart: MonthsChart, { width, height }: Size): Frame {
  const values = chart.series.flatMap((series) => series.values);
  const highest = Math.max(0, ...values);
  const lowest = Math.min(0, ...values);
  const y = scaleLinear()
    .domain([lowest, highest === lowest ? 1 : highest])
    .nice(TICKS)
    .range([height - BOTTOM, TOP]);
  const left = Math.max(...ticksOf(y).map((value) => chart.tick(value).length)) * LETTER + 8;
  const x = scaleBand()
    .domain(chart.months)
    .range([left, width - RIGHT])
    .padding(0.25);
  return { x, y, left, right: width - RIGHT };
}

/** Whole ones: there is no half of a minor unit. */
function ticksOf(y: Frame["y"]): readonly number[] {
  return y.ticks(TICKS).filter(Number.isInteger);
}

function axis({ tick }: MonthsChart, { y, left, right }: Frame): Html {
  const lines = ticksOf(y).map((value) => {
    const at = round(y(value));
    return html`<line class="${value === 0 ? "zero" : "grid"}" x1="${left}" x2="${right}" y1="${at}" y2="${at}"/>
<text class="tick" x="${left - 6}" y="${at}" dy="0.32em" text-anchor="end">${tick(value)}</text>
`;
  });
  return html`<g>${lines}</g>`;
}

function every({ months }: MonthsChart, { labels }: Size): number {
  return Math.max(1, Math.ceil(months.length / labels));
}

/** The year stands under the first month that is named, and under each that is the first of its year. */
function monthLabel(month: string, index: number, { x }: Frame, { height }: Size, labelEvery: number): Html {
  const at = round((x(month) ?? 0) + x.bandwidth() / 2);
  const name = MONTHS[Number(month.slice(5, 7)) - 1];
  const isFirstOfYear = Number(month.slice(5, 7)) <= labelEvery;
  return html`<text class="tick" x="${at}" y="${height - 20}" text-anchor="middle">${name}${
    (index === 0 || isFirstOfYear) && html`<tspan x="${at}" dy="1.2em">${month.slice(0, 4)}</tspan>`
  }</text>`;
}

const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

function bars({ series, months }: MonthsChart, { x, y }: Frame): Html {
  const shown = series.filter(({ kind }) => kind === "bar");
  const within = scaleBand<number>()
    .domain(shown.map((_, index) => index))
    .range([0, x.bandwidth()])
    .padding(0.08);
  const drawn = shown.map(({ values, colour }, index) =>
    values.map((value, at) => {
      const [top, bottom] = [y(Math.max(0, value)), y(Math.min(0, value))];
      const left = (x(months[at] ?? "") ?? 0) + (within(index) ?? 0);
      return html`<rect class="bar series-${colour}" x="${round(left)}" y="${round(top)}" width="${round(within.bandwidth())}" height="${round(bottom - top)}"/>
`;
    }),
  );
  return html`<g>${drawn}</g>`;
}

function curve({ values, colour }: Series, months: readonly string[], { x, y }: Frame): Html {
  const points = values.map((value, index): [number, number] => [
    round((x(months[index] ?? "") ?? 0) + x.bandwidth() / 2),
    round(y(value)),
  ]);
  return html`<path class="line series-${colour}" d="${line()(points)}"/>
${points.map(([cx, cy]) => html`<circle class="dot series-${colour}" cx="${cx}" cy="${cy}" r="3"/>`)}`;
}

function round(length: number): number {
  return Math.round(length * 10) / 10;
}
