import { deriveDirty } from "../../donations/settle.ts";
import type { Look } from "./look.ts";

/** Derives what is marked. What can't be derived must not keep the rest from being compared: it shows as overdue. */
export async function deriveMarked(deps: Look["deps"]): Promise<void> {
  try {
    while ((await deriveDirty(deps)) > 0) {}
  } catch (error) {
    deps.log.error({ err: error }, "some donations can't be derived; the comparison goes on without them");
  }
}
