import type { Deps } from "../deps.ts";
import type { NewsroomConfig } from "../newsroom.ts";

/** What every page for staff needs to know of the service. */
export interface StaffPlace {
  readonly config: Deps["config"];
  readonly newsroom: NewsroomConfig;
}

export function placeOf({ config, newsroom }: Pick<Deps, "config" | "newsroom">): StaffPlace {
  return { config, newsroom: newsroom() };
}
