import { type Html, html } from "../../http/html.ts";
import type { Staff } from "../../http/staff.ts";
import type { NewsroomConfig } from "../../newsroom.ts";
import { assetUrl } from "../assets.ts";
import { type SectionPath, sectionsFor } from "./sections.ts";

export interface FinancePage {
  /** Also the page's heading. */
  readonly title: string;
  /** The section that the page belongs to; null for none. */
  readonly here: SectionPath | null;
  /** Null before signing in: the page has no navigation then. */
  readonly staff: Pick<Staff, "role" | "csrf"> | null;
  readonly newsroom: Pick<NewsroomConfig, "newsroom">;
  /** Nothing that is booked here is real: says so on top. */
  readonly test: boolean;
  /** What stands beside the heading and isn't printed: filters, links to files. */
  readonly tools?: Html | null;
}

/** A whole page for staff. It works without a script, loads nothing but our own style sheet, and has nothing inline. */
export function financeLayout({ title, here, staff, newsroom, test, tools }: FinancePage, body: Html): Html {
  const { name } = newsroom.newsroom;
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="robots" content="noindex">
<title>${title} · ${name}</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="${assetUrl("finance.css")}">
</head>
<body>
<a class="skip" href="#main">Skip to the content</a>
<header>
${test && html`<p class="test">This is a test: no money moves.</p>`}
<div class="top">
<p class="name"><bdi>${name}</bdi></p>
${staff !== null && who(staff)}
</div>
</header>
${staff !== null && navigation(staff, here)}
<main id="main" tabindex="-1">
<div class="head"><h1>${title}</h1>${tools && html`<div class="tools">${tools}</div>`}</div>
${body}
</main>
</body>
</html>
`;
}

function who({ role, csrf }: Pick<Staff, "role" | "csrf">): Html {
  return html`<form class="who" method="post" action="/finance/sign-out">
<span>Signed in as <strong>${role}</strong></span>${csrfField(csrf)}
<button class="quiet">Sign out</button>
</form>`;
}

/** Belongs into every form that posts; the guard of what it posts to asks for it. */
export function csrfField(csrf: string | undefined): Html {
  return html`<input type="hidden" name="csrf" value="${csrf}">`;
}

function navigation({ role }: Pick<Staff, "role">, here: SectionPath | null): Html {
  const links = sectionsFor(role).map(
    ({ path, name }) => html`<li><a href="${path}"${path === here && html` aria-current="page"`}>${name}</a></li>`,
  );
  return html`<nav class="sections" aria-label="Sections"><ul>${links}</ul></nav>`;
}
