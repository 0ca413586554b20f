import { type Html, html } from "../../http/html.ts";
import { drawMonths, type MonthsChart, type Series, type Size } from "./draw-months.ts";

/** Drawn for both widths, of which the style sheet shows one: text that is scaled down with its drawing can't be read on a phone. */
const WIDE: Size = { name: "wide", width: 960, height: 280, labels: 16 };
const HALF: Size = { name: "half", width: 600, height: 260, labels: 13 };
const SMALL: Size = { name: "small", width: 340, height: 220, labels: 6 };

export function monthsChart(chart: MonthsChart): Html {
  return html`<figure class="chart">
<figcaption>${chart.title}</figcaption>
<ul class="legend">${chart.series.map(({ name, kind, colour }) => html`<li>${swatch(kind, colour)} ${name}</li>`)}</ul>
${drawMonths(chart, chart.half === true ? HALF : WIDE)}
${drawMonths(chart, SMALL)}
</figure>`;
}

function swatch(kind: Series["kind"], colour: Series["colour"]): Html {
  const mark =
    kind === "bar"
      ? html`<rect class="bar series-${colour}" width="12" height="12"/>`
      : html`<path class="line series-${colour}" d="M0 6H12"/><circle class="dot series-${colour}" cx="6" cy="6" r="3"/>`;
  return html`<svg class="swatch" width="12" height="12" viewBox="0 0 12 12" aria-hidden="true">${mark}</svg>`;
}
