import type { InboxState } from "./differences.queries.ts";

/** Why the books may lack an object, by what became of its events. */
export function causeOfMissing(event: InboxState): string {
  switch (event) {
    case "none":
      return "No event of it has arrived: the endpoint was unreachable, lacks this event type, or was made later.";
    case "dead":
      return "Its event could not be applied and is dead: see `events dead`.";
    case "received":
    case "waiting":
      return "Its event has arrived and has not been applied yet.";
    case "applied":
    case "ignored":
      return "Its events were handled and its row is not there: it was removed, or an older copy of the database was restored.";
  }
}

/** Why a row may say something else than Stripe. */
export function causeOfDifference(event: InboxState, row: { readonly as_of: Date }, seen: Date): string {
  if (event === "dead") return "Its latest event could not be applied and is dead: see `events dead`.";
  if (event === "received" || event === "waiting") return "An event of it has arrived and has not been applied yet.";
  const days = Math.floor((+seen - +row.as_of) / 86_400_000);
  const since = days > 0 ? `, last told of ${days} day(s) ago` : "";
  return `It changed at Stripe and no event of that has arrived${since}, or the row was altered here.`;
}
