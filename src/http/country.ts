import type { Request } from "express";
import type { Config } from "../config.ts";

/** Where the CDN sees the reader (ISO 3166, capital letters), if there is one that says so. */
export function seenCountry(config: Pick<Config, "countryHeader">, request: Request): string | null {
  const seen = config.countryHeader === null ? undefined : request.get(config.countryHeader);
  return seen !== undefined && /^[A-Za-z]{2}$/.test(seen) ? seen.toUpperCase() : null;
}
