import { isIPv6 } from "node:net";
import type { Request } from "express";
import type { LimitName, Limits } from "./limiter.ts";

/**
 * Counts a request of a client: the address that connects, or the one that the last trusted proxy names (TRUST_PROXY), never what a
 * client itself puts into X-Forwarded-For.
 * @throws AppError `rate_limited` with Retry-After
 */
export async function countClient(limits: Limits, name: LimitName, request: Pick<Request, "ip">): Promise<void> {
  await limits.count(name, clientOf(request.ip));
}

/** Of IPv6 the network of a household, /64, in which a client picks its addresses freely. */
export function clientOf(ip: string | undefined): string {
  if (ip === undefined) return "unknown";
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(ip)?.[1];
  if (mapped !== undefined) return mapped;
  if (!isIPv6(ip)) return ip;
  const [head = "", tail] = (ip.split("%")[0] ?? "").toLowerCase().split("::");
  const before = head === "" ? [] : head.split(":");
  const after = tail === undefined || tail === "" ? [] : tail.split(":");
  const groups = [
    ...before,
    ...Array.from({ length: Math.max(0, 8 - before.length - after.length) }, () => "0"),
    ...after,
  ];
  const network = groups.slice(0, 4).map((group) => group.replace(/^0+(?=.)/, ""));
  return `${network.join(":")}::/64`;
}
