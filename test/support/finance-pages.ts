/** The rows of a page's table as people read them, its head first. */
export function tableOf(page: string, id: string): string[][] {
  const from = page.indexOf(`<caption id="${id}">`);
  if (from < 0) throw new Error(`The page has no table ${id}.`);
  const rows = page.slice(from, page.indexOf("</table>", from)).matchAll(/<tr>(.*?)<\/tr>/gs);
  return [...rows].map(([, row = ""]) =>
    [...row.matchAll(/<t[hd][^>]*>(.*?)<\/t[hd]>/gs)].map(([, cell = ""]) => wordsOf(cell)),
  );
}

/** Text without markup, with plain spaces. */
export function wordsOf(html: string): string {
  return html
    .replace(/<[^>]*>/g, "")
    .replace(/&#(\d+);/g, (_, code) => String.fromCharCode(Number(code)))
    .replace(/\s+/g, " ")
    .trim();
}

/** What stands in a page's <main>. */
export function mainOf(page: string): string {
  return wordsOf(page.slice(page.indexOf("<main")));
}
