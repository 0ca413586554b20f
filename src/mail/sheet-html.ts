import { type Html, html } from "../http/html.ts";
import { DARK, inkOf, LIGHT, textOn } from "./colors.ts";
import type { Sheet } from "./sheet.ts";
import type { Part } from "./templates/letter.ts";

/*
 * HTML as mail programs take it: styles inline, tables where Outlook knows nothing else, no image and nothing loaded from
 * anywhere. Some programs drop <html> and <body>, so language and direction stand on the inner element too.
 */

/** On each piece of text: Outlook forgets it inside of tables. */
const FONT = "font-family:-apple-system,BlinkMacSystemFont,Segoe UI,Roboto,Helvetica,Arial,sans-serif";
const TEXT = `${FONT};margin:0 0 16px;font-size:16px;line-height:1.5;color:${LIGHT.ink}`;
const SMALL = `${FONT};margin:0 0 12px;font-size:14px;line-height:1.5;color:${LIGHT.quiet}`;

/** Invisible: keeps lists of mails from showing the text after the preheader. */
const FILLER = "\u034f\u200c\u00a0".repeat(100);

/** The whole document. */
export function sheetHtml(sheet: Sheet): string {
  const { language, direction, subject, preheader, masthead, heading, parts, color } = sheet;
  return html`<!doctype html>
<html lang="${language}" dir="${direction}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="supported-color-schemes" content="light dark">
<meta name="x-apple-disable-message-reformatting">
<meta name="format-detection" content="telephone=no,date=no,address=no,email=no,url=no">
<title>${subject}</title>
${styles()}
</head>
<body class="page" style="margin:0;padding:0;background-color:${LIGHT.page};-webkit-text-size-adjust:100%">
<div class="page" lang="${language}" dir="${direction}" style="background-color:${LIGHT.page};padding:16px 8px">
<div class="preheader" aria-hidden="true" style="display:none;max-height:0;max-width:0;overflow:hidden;opacity:0;font-size:1px;line-height:1px;mso-hide:all">${preheader}${FILLER}</div>
<!--[if mso]><table role="presentation" align="center" width="600" cellpadding="0" cellspacing="0"><tr><td><![endif]-->
<div class="card" role="article" aria-label="${subject}" style="max-width:600px;margin:0 auto;background-color:${LIGHT.card};border-top:4px solid ${color};border-radius:6px;box-sizing:border-box;padding:28px 24px 20px;overflow-wrap:break-word;word-wrap:break-word">
${masthead !== null && html`<p class="brand" style="${FONT};margin:0 0 20px;font-size:17px;line-height:1.3;font-weight:700;color:${inkOf(color)}">${masthead}</p>`}
<h1 class="ink" style="${FONT};margin:0 0 16px;font-size:24px;line-height:1.25;font-weight:700;color:${LIGHT.ink}">${heading}</h1>
${parts.map((part) => partHtml(part, sheet))}
${footer(sheet)}
</div>
<!--[if mso]></td></tr></table><![endif]-->
</div>
</body>
</html>
`.text;
}

function styles(): Html {
  return html`<style>
:root { color-scheme: light dark; supported-color-schemes: light dark; }
@media (prefers-color-scheme: dark) {
.page { background-color: ${DARK.page} !important; }
.card { background-color: ${DARK.card} !important; }
.ink, .brand { color: ${DARK.ink} !important; }
.quiet { color: ${DARK.quiet} !important; }
.rule { border-color: ${DARK.rule} !important; }
.link { color: ${DARK.link} !important; }
.button { border-color: ${DARK.quiet} !important; }
}
</style>`;
}

function partHtml(part: Part, sheet: Sheet): Html {
  const { color } = sheet;
  switch (part.is) {
    case "text":
      return html`<p class="ink" style="${TEXT}">${part.text}</p>\n`;
    case "facts":
      return facts(part.facts, sheet);
    case "button":
      return html`<table role="presentation" cellpadding="0" cellspacing="0" border="0" style="margin:8px 0 24px"><tr><td class="button" bgcolor="${color}" style="border-radius:6px;border:1px solid ${color};background-color:${color};mso-padding-alt:13px 24px"><a href="${part.link.url}" style="${FONT};display:inline-block;padding:13px 24px;font-size:16px;line-height:1.25;font-weight:700;color:${textOn(color)};text-decoration:none">${part.link.text}</a></td></tr></table>\n`;
    case "link":
      return html`<p class="ink" style="${TEXT}">${part.text !== null && html`${part.text}<br>`}${anchor(part.link.text, part.link.url, inkOf(color))}</p>\n`;
    default:
      return part satisfies never;
  }
}

function facts(rows: readonly (readonly [string, string])[], { direction }: Sheet): Html {
  const start = direction === "rtl" ? "right" : "left";
  const cell = `${FONT};padding:9px 0;font-size:15px;line-height:1.4;vertical-align:top;text-align:${start};border-bottom:1px solid ${LIGHT.rule}`;
  const gap = direction === "rtl" ? "padding-left:16px" : "padding-right:16px";
  return html`<table class="facts rule" width="100%" cellpadding="0" cellspacing="0" border="0" style="margin:0 0 20px;border-collapse:collapse;border-top:1px solid ${LIGHT.rule}">
${rows.map(
  ([
    name,
    value,
  ]) => html`<tr><th class="quiet rule" scope="row" width="40%" align="${start}" style="${cell};${gap};font-weight:400;color:${LIGHT.quiet}">${name}</th><td class="ink rule" align="${start}" style="${cell};overflow-wrap:anywhere;word-break:break-word;font-weight:600;color:${LIGHT.ink}">${value}</td></tr>
`,
)}</table>\n`;
}

function footer({ why, unsubscribe, questions, reference, imprint, color }: Sheet): Html {
  const link = unsubscribe && html`<br>${anchor(unsubscribe.text, unsubscribe.url, inkOf(color))}`;
  return html`<div class="rule" style="border-top:1px solid ${LIGHT.rule};margin:24px 0 0;padding:16px 0 0">
<p class="quiet" style="${SMALL}">${why}${link}</p>
<p class="quiet" style="${SMALL}">${questions}${reference !== null && html`<br>${reference}`}</p>
<p class="quiet" style="${SMALL}">${imprint.map((line, index) => html`${index > 0 && html`<br>`}${line}`)}</p>
</div>`;
}

function anchor(text: string, url: string, color: string): Html {
  return html`<a class="link" href="${url}" style="color:${color};text-decoration:underline">${text}</a>`;
}
