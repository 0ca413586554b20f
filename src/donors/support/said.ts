import { listAudit } from "../../audit/list.queries.ts";
import type { Deps } from "../../deps.ts";
import { donorId } from "../../donations/ids.ts";
import { isRunning } from "../../mail/gift-links.ts";
import { isWritten, wasCorrectedTo } from "./donor.queries.ts";
import type { Donor } from "./donor.ts";
import { mailsOf } from "./resend.ts";

/** What the last press of a button has come to. */
export const SAID = {
  link: "A link to all gifts is on its way to the donor’s address.",
  mail: "The mail is on its way to the donor’s address.",
  address: "The address has been corrected, here and at Stripe.",
  address_same: "This is the address that the donor has already. Nothing has been changed.",
  address_taken: "This address belongs to another donor’s gifts already. Nothing has been changed.",
  address_failed: "Stripe could not be asked, or refused. Look at the address below, and try again.",
  stopped: "The gift has been stopped. Nothing more will be charged.",
  stop_over: "This gift doesn’t run. There was nothing to stop.",
  stop_unasked: "Nothing has been stopped. Speak with the donor first, and tick that you have.",
  stop_failed: "Stripe could not be asked: it is not known whether the gift has been stopped. Try again.",
  no_address: "This donor has no address at Stripe. Nothing has been sent.",
  email: "This doesn’t look like an e-mail address. Nothing has been changed.",
} as const;
export type Said = keyof typeof SAID;
export const BAD: ReadonlySet<Said> = new Set([
  ...(["address_taken", "address_failed", "stop_unasked", "stop_failed", "no_address", "email"] as const),
]);

const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/**
 * What the address of a page says was done, if it is so: anybody can make up an address.
 * @param query `said`, and with it the `request` that was sent or the `gift` that it was about
 */
export async function saidOf(
  deps: Pick<Deps, "db">,
  donor: Donor,
  { said, request, gift }: Readonly<Record<string, unknown>>,
): Promise<Said | null> {
  if (typeof said !== "string" || !Object.hasOwn(SAID, said)) return null;
  const about = donor.gifts.find(({ id }) => id === gift);
  const isSo: Partial<Record<Said, () => boolean | Promise<boolean>>> = {
    link: () => hasSent(deps, request),
    mail: () => hasSent(deps, request),
    address: () => isCorrected(deps, donor),
    address_failed: () => hasFailed(deps, donor),
    // Said at once, and never by an address.
    address_taken: () => false,
    no_address: () => donor.customers.every((customer) => customer.email_sealed === null),
    stopped: () => about !== undefined && !isRunning(about),
    stop_over: () => about !== undefined && !isRunning(about),
    stop_failed: () => about !== undefined && isRunning(about),
  };
  return (await (isSo[said as Said]?.() ?? true)) ? (said as Said) : null;
}

async function hasSent({ db }: Pick<Deps, "db">, request: unknown): Promise<boolean> {
  return typeof request === "string" && UUID.test(request) && (await isWritten(db, mailsOf(request)));
}

async function isCorrected({ db }: Pick<Deps, "db">, { id, customers }: Donor): Promise<boolean> {
  const customer = customers.find((each) => each.id === id);
  return customer !== undefined && (await wasCorrectedTo(db, id, donorId(customer)));
}

/** Whether the last correction came to nothing, or to half. */
async function hasFailed({ db }: Pick<Deps, "db">, { id }: Donor): Promise<boolean> {
  const [last] = await listAudit(db, { action: "address_corrected", subject: id }, { before: null, limit: 1 });
  return last?.detail.outcome === "failed";
}
