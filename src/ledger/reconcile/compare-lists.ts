import { knownKind } from "../../mirror/kinds.ts";
import type { Stripe } from "../../stripe/types.ts";
import { LISTS, type Listed, type ObjectList, rangeOf } from "../lists/lists.ts";
import { compareObjects, unknownToStripe } from "./compare-objects.ts";
import { compareDisputeTotals, compareRefundTotals } from "./compare-totals.ts";
import { COMPARED, type Compared, type Difference } from "./difference.ts";
import type { Look } from "./look.ts";
import { rowsBesides } from "./window.queries.ts";
import { spans } from "./windows.ts";

/** Only of these it is certain that their list is complete. */
const COMPLETE: readonly string[] = ["charge", "refund", "dispute", "payout"];

interface ComparedList extends ObjectList {
  readonly kind: Compared;
}

/** Every list that is compared, the longest ones first; nothing is expanded but a refund's charge, which may be older than the period. */
const COMPARED_LISTS: readonly ComparedList[] = LISTS.flatMap((one): ComparedList[] => {
  const kind = COMPARED.find((name) => name === one.kind);
  return kind === undefined ? [] : [{ ...one, kind, page: pageOf(one) }];
});

function pageOf(one: ObjectList): ObjectList["page"] {
  switch (one.kind) {
    case "refund":
      return async (api, range) =>
        (await api.refunds.list({ ...range, limit: 100, expand: ["data.charge"] })) as Awaited<
          ReturnType<ObjectList["page"]>
        >;
    case "subscription":
      return async (api, range) =>
        (await api.subscriptions.list({ ...range, limit: 100, status: "all" })) as Awaited<
          ReturnType<ObjectList["page"]>
        >;
    default:
      return one.page;
  }
}

export async function compareLists(look: Look): Promise<void> {
  await Promise.all(COMPARED_LISTS.map((one) => compareList(look, one)));
}

async function compareList(look: Look, one: ComparedList): Promise<void> {
  const nextSpan = spans(look.stripeAt, one.ofAnyAge ? new Date(0) : look.since);
  let after: string | null = null;
  for (;;) {
    const range = rangeOf(one, look.since, after);
    const { object: page, asOf } = await look.caller.call((api) => one.page(api, range));
    const judged = page.data.filter((object) => (object.created ?? 0) * 1000 <= +look.stripeAt);
    const span = nextSpan(page.data, !page.has_more);
    await look.note([
      ...(await compareObjects(look, one.kind, judged, asOf)),
      ...(await totals(look, one.kind, judged)),
      ...(span === null || !COMPLETE.includes(one.kind) ? [] : await unlisted(look, one.kind, span)),
    ]);
    look.lookedAt.set(one.name, (look.lookedAt.get(one.name) ?? 0) + page.data.length);
    after = page.data.at(-1)?.id ?? null;
    if (!page.has_more || after === null) return;
  }
}

async function totals(look: Look, kind: Compared, objects: readonly Listed[]): Promise<readonly Difference[]> {
  if (kind === "charge") return await compareRefundTotals(look, objects as unknown as readonly Stripe.Charge[]);
  if (kind === "dispute") return await compareDisputeTotals(look, objects as unknown as readonly Stripe.Dispute[]);
  if (kind !== "refund") return [];
  const charges = (objects as unknown as readonly Stripe.Refund[]).flatMap(({ charge }) =>
    typeof charge === "object" && charge !== null ? [charge] : [],
  );
  return await compareRefundTotals(look, charges);
}

async function unlisted(
  look: Look,
  kind: Compared,
  { window, ids }: NonNullable<ReturnType<ReturnType<typeof spans>>>,
): Promise<readonly Difference[]> {
  const rows = await rowsBesides(look.deps.db, knownKind(kind).table, window, ids);
  return rows
    .filter((row) => row.deleted !== true && (row.as_of as Date) < look.stripeAt)
    .map((row) => unknownToStripe(kind, row));
}
