const LONGEST = 500;
const NOWHERE = "http://nowhere.invalid";

/**
 * Where a browser goes on after signing in: one of our own pages for staff, as a path. Whatever could lead anywhere else, or back to
 * signing in and out, becomes `/finance`.
 */
export function safeReturn(asked: unknown): string {
  if (typeof asked !== "string" || asked.length > LONGEST || !/^\/finance(?:[/?][\w./?&=%:+~-]*)?$/.test(asked))
    return "/finance";
  const url = new URL(asked, NOWHERE);
  const ours = url.origin === NOWHERE && (url.pathname === "/finance" || url.pathname.startsWith("/finance/"));
  return ours && !/^\/finance\/sign-/.test(url.pathname) ? `${url.pathname}${url.search}` : "/finance";
}
