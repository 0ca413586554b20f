import type { Config } from "../../config.ts";

/** `session` is who is signed in, `browser` knows the browser again that has asked for a link. */
export type CookieName = "session" | "browser";

const NAMES = { session: "rd_staff", browser: "rd_browser" } as const;

type CookieConfig = Pick<Config, "publicUrl">;

/** Over https no other host, and nobody on the way, can set a cookie of this name. https://www.rfc-editor.org/rfc/rfc6265 (bis, 4.1.3.2) */
function nameOf(config: CookieConfig, name: CookieName): string {
  return isSecure(config) ? `__Host-${NAMES[name]}` : NAMES[name];
}

/** @returns null unless the browser sent exactly one of that name */
export function readCookie(config: CookieConfig, header: string | undefined, name: CookieName): string | null {
  const prefix = `${nameOf(config, name)}=`;
  const found = (header ?? "")
    .split(";")
    .map((part) => part.trim())
    .filter((part) => part.startsWith(prefix));
  return found.length === 1 ? (found[0] ?? "").slice(prefix.length) : null;
}

/**
 * `Lax`, as a link in a mail or a chat leads here from another site, and what it leads to changes nothing; a form on another site brings no
 * cookie along. @param seconds 0 takes it away
 */
export function cookie(config: CookieConfig, name: CookieName, value: string, seconds: number): string {
  const attributes = [
    `Max-Age=${seconds}`,
    "Path=/",
    "HttpOnly",
    "SameSite=Lax",
    ...(isSecure(config) ? ["Secure"] : []),
  ];
  return [`${nameOf(config, name)}=${value}`, ...attributes].join("; ");
}

function isSecure({ publicUrl }: CookieConfig): boolean {
  return publicUrl.startsWith("https:");
}
