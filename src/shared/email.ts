import { domainToASCII } from "node:url";

/** RFC 5321, 4.5.3.1, without the angle brackets. */
const LONGEST = 254;
const LONGEST_LOCAL = 64;
/** An atom with dots within (RFC 5322, 3.2.3): a quoted local part is legal, and nobody has one. */
const LOCAL = /^[\w!#$%&'*+/=?^`{|}~-]+(?:\.[\w!#$%&'*+/=?^`{|}~-]+)*$/;
/** Of what the URL parser would read more into a domain than one: a port, a path, an escaped character. */
const NO_DOMAIN = /[\s%/\\:?#@[\]<>^|]/;
const LABEL = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/;

/**
 * An e-mail address as mail servers take it: the domain in small letters and, if it is an international one, in its ASCII form
 * (`a@bücher.example` → `a@xn--bcher-kva.example`). Null for what is none.
 */
export function canonicalEmail(text: string): string | null {
  const [local, domain, more] = text.trim().split("@");
  if (local === undefined || domain === undefined || more !== undefined) return null;
  if (local.length > LONGEST_LOCAL || !LOCAL.test(local) || NO_DOMAIN.test(domain)) return null;
  const ascii = domainToASCII(domain);
  const labels = ascii.split(".");
  const isDomain =
    labels.length > 1 && labels.every((label) => LABEL.test(label)) && !/^\d+$/.test(labels.at(-1) ?? "");
  const address = `${local}@${ascii}`;
  return isDomain && address.length <= LONGEST ? address : null;
}
