import type { Frequency } from "../../newsroom.ts";
import { type Desk, needed } from "./desk.ts";
import { type Letter, link, type Part } from "./letter.ts";

/** The ways out of a running gift, in every mail about one: stopping needs no account and no reason. */
export function running(desk: Desk, { frequency }: { readonly frequency: Frequency }): readonly Part[] {
  const { copy, links } = desk;
  const stop = frequency === "once" ? links.stop : needed(links, "stop");
  return [...link(copy.stop.text, copy.stop.link, stop), ...link(null, copy.manage, links.manage)];
}

/** What the foot of every mail about a gift says. */
export function aboutAGift({ copy, say }: Desk): Pick<Letter, "why" | "unsubscribe"> {
  return { why: say(copy.why.gift), unsubscribe: copy.unsubscribe.gift };
}
