import type { Desk } from "./desk.ts";
import { type Letter, link, type Part } from "./letter.ts";

/** The ways out of a running gift, in every mail about one: stopping needs no account and no reason. A gift that has ended meanwhile has none. */
export function running({ copy, links }: Desk): readonly Part[] {
  return [...link(copy.stop.text, copy.stop.link, links.stop), ...link(null, copy.manage, links.manage)];
}

/** What the foot of every mail about a gift says. */
export function aboutAGift({ copy, say }: Desk): Pick<Letter, "why" | "unsubscribe"> {
  return { why: say(copy.why.gift), unsubscribe: copy.unsubscribe.gift };
}
