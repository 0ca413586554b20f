import { type Html, html } from "../../http/html.ts";
import { copyFor, type NewsroomConfig } from "../../newsroom.ts";
import { assetUrl } from "../../pages/assets.ts";

export interface Letterhead {
  readonly name: string;
  readonly postal_address: readonly string[];
  readonly tax_number: string;
}

export interface SheetOptions {
  readonly locale: string;
  readonly title: string;
  readonly letterhead: Letterhead;
  /** Nothing that is paid here is real: says so on the paper. */
  readonly test: boolean;
  readonly body: Html;
}

/** A sheet of paper: one A4 page or more when it is printed, and readable on a phone. */
export function sheet(newsroom: NewsroomConfig, { locale, title, letterhead, test, body }: SheetOptions): Html {
  const copy = copyFor(newsroom, locale);
  return html`<!doctype html>
<html lang="${locale}" dir="${copy.direction}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<title>${title}</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="${assetUrl("sheet.css")}">
</head>
<body>
<main class="sheet">
${test && html`<p class="test">${copy.page.simulated}</p>`}
<header class="letterhead">
<p class="entity"><bdi>${letterhead.name}</bdi></p>
<address>${letterhead.postal_address.map((line) => html`<span><bdi>${line}</bdi></span>`)}</address>
<p class="tax">${copy.receipts.tax_number}: <bdi>${letterhead.tax_number}</bdi></p>
</header>
${body}
</main>
</body>
</html>
`;
}

/** A list of what stands for what. */
export function facts(rows: readonly (readonly [string, Html | string])[]): Html {
  return html`<dl class="facts">${rows.map(
    ([name, value]) => html`<div><dt>${name}</dt><dd>${value}</dd></div>
`,
  )}</dl>`;
}
