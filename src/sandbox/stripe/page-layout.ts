import { createHash } from "node:crypto";

/** Text made safe inside an element or a quoted attribute. */
export function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}

/** A page of the simulated Stripe: says at the top what it is, loads nothing from anywhere, runs no script. */
export function page(title: string, main: string): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<title>${escapeHtml(title)} – Simulated Stripe</title>
<link rel="icon" href="data:,">
<style>${STYLE}</style>
</head>
<body>
<p class="banner" role="note"><strong>Simulated Stripe</strong> – no real money</p>
${main}
</body>
</html>
`;
}

/** Headers of such a page. `targets` are the URLs that its forms may lead to: browsers check redirects too. */
export function pageHeaders(targets: readonly (string | null)[] = []): Record<string, string> {
  const origins = targets.filter((url) => url !== null).map((url) => new URL(url).origin);
  const formAction = ["'self'", ...new Set(origins)].join(" ");
  return {
    "Content-Type": "text/html; charset=utf-8",
    "Content-Security-Policy": `default-src 'none'; style-src '${STYLE_HASH}'; img-src data:; form-action ${formAction}; base-uri 'none'; frame-ancestors 'none'`,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
  };
}

const STYLE = `
*{box-sizing:border-box}
body{margin:0;background:#f4f5f8;color:#1d2433;font:16px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,sans-serif}
.banner{margin:0;padding:.6rem 1rem;background:#ffe08a;color:#3d2c00;text-align:center;border-bottom:1px solid #e2b93b}
main{max-width:60rem;margin:0 auto;padding:1.25rem 1rem 3rem}
h1{font-size:1.75rem;line-height:1.2;margin:.15rem 0 .5rem;letter-spacing:-.01em}
.payee{font-size:1.05rem;font-weight:600;margin:0;color:#4a5468}
h2{font-size:1.05rem;margin:0 0 .75rem}
.amount{font-size:2.4rem;line-height:1.15;font-weight:700;margin:.15rem 0 .25rem;letter-spacing:-.02em}
.amount small{margin-left:.4rem;white-space:nowrap;font-size:1rem;font-weight:500;color:#4a5468;letter-spacing:0}
.muted{color:#4a5468;margin:.25rem 0}
.lines{list-style:none;padding:0;margin:1rem 0 0;border-top:1px solid #d7dbe5}
.lines span+span{white-space:nowrap}
.lines li{display:flex;justify-content:space-between;gap:1rem;padding:.6rem 0;border-bottom:1px solid #d7dbe5}
.card{background:#fff;border:1px solid #d7dbe5;border-radius:12px;padding:1.25rem;margin-top:1.25rem}
label,legend{font-weight:600;font-size:.92rem;padding:0}
.lines+.muted{margin-top:1rem}
label>span{display:block;margin-bottom:.2rem}
label.field{display:block;margin-bottom:.9rem}
input[type=email],input[type=text],select{width:100%;font:inherit;font-weight:400;font-size:1rem;padding:.6rem .7rem;border:1px solid #8a93a6;border-radius:8px;background:#fff;color:inherit;min-height:2.9rem}
fieldset{border:0;padding:0;margin:0 0 .9rem;min-width:0}
.choices{display:grid;grid-template-columns:repeat(3,1fr);gap:.5rem;margin:.3rem 0 .6rem}
.choices label{display:flex;align-items:center;gap:.45rem;border:1px solid #8a93a6;border-radius:8px;padding:.55rem .6rem;font-weight:500;min-height:2.9rem}
.choices input{margin:0;accent-color:#0b5cad;flex:none}
.choices label:has(:checked){border-color:#0b5cad;background:#eaf3fd;box-shadow:inset 0 0 0 1px #0b5cad}
.check{display:flex;gap:.6rem;align-items:flex-start;font-weight:400;margin-bottom:.9rem}
.check input{margin:.3rem 0 0;width:1.1rem;height:1.1rem;flex:none}
button,.button{font:inherit;font-weight:600;border-radius:8px;padding:.65rem 1rem;min-height:2.9rem;cursor:pointer;border:1px solid #8a93a6;background:#fff;color:#1d2433;text-decoration:none;display:inline-block;text-align:center}
button.main,.button.main{display:block;width:100%;background:#0b5cad;border-color:#0b5cad;color:#fff;font-size:1.05rem}
button:hover,.button:hover{filter:brightness(.96)}
:is(a,button,input,select,summary):focus-visible{outline:3px solid #f59f00;outline-offset:2px}
.others{border-top:1px solid #d7dbe5;margin-top:1.25rem;padding-top:1rem}
.others ul{list-style:none;margin:.5rem 0 0;padding:0;display:grid;gap:.5rem}
.others button{width:100%;text-align:left;font-weight:500}
.others small{display:block;font-weight:400;color:#4a5468}
.alert{border:1px solid #c92a2a;background:#fff0f0;color:#8a1616;border-radius:8px;padding:.75rem 1rem;margin:0 0 1rem}
.alert strong{display:block}
.back{margin:1rem 0 -.5rem;text-align:center}
.back button{border:0;background:none;color:#0b5cad;text-decoration:underline;font-weight:500}
dl{display:grid;grid-template-columns:auto 1fr;gap:.35rem 1.25rem;margin:1rem 0 0}
dl+form{margin-top:1.25rem}
dt{color:#4a5468}dd{margin:0;overflow-wrap:anywhere}
.single{max-width:34rem}
@media (max-width:26rem){.choices{grid-template-columns:1fr}}
@media (min-width:48rem){main.pay{display:grid;grid-template-columns:1fr 1.15fr;gap:2.5rem;padding-top:3rem}main.pay .card{margin-top:0}main.pay .summary{padding-top:1.25rem}}
`;

const STYLE_HASH = `sha256-${createHash("sha256").update(STYLE).digest("base64")}`;
