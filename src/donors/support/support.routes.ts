import { randomUUID } from "node:crypto";
import express, { type Request, type Response, type Router } from "express";
import { z } from "zod";
import { actorOf } from "../../audit/audit-export.routes.ts";
import { recordAudit } from "../../audit/record.queries.ts";
import type { Deps } from "../../deps.ts";
import { laterDonorId } from "../../donations/corrected.queries.ts";
import { parse } from "../../http/parse.ts";
import { type StaffGuards, staffOf } from "../../http/staff.ts";
import { isRunning } from "../../mail/gift-links.ts";
import { rolesOf } from "../../pages/finance/sections.ts";
import { typed } from "../../pages/form-values.ts";
import { canonicalEmail } from "../../shared/email.ts";
import { AppError } from "../../shared/errors.ts";
import { emailHash } from "../../vault/email-hash.ts";
import { stopGift } from "../stop.ts";
import { correctAddress, idsOf, isTaken } from "./correct-address.ts";
import { donorPage } from "./donor.page.ts";
import { customerByAddress, customerByDonorId } from "./donor.queries.ts";
import { type Donor, findDonor, openNames } from "./donor.ts";
import { findPage } from "./find.page.ts";
import { resendLink, resendMail } from "./resend.ts";
import { type Said, saidOf } from "./said.ts";

type SupportDeps = Pick<Deps, "db" | "stripe" | "vault" | "newsroom" | "config" | "log" | "now">;

const CUSTOMER = /^cus_\w{1,100}$/;
const DONOR_ID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

const request_ = z.uuid();
const linkBody = z.strictObject({ request: request_ });
const mailBody = z.strictObject({ request: request_, mail: z.uuid() });
const stopBody = z.strictObject({ request: request_, spoken: z.literal("yes").optional() });
const addressBody = z.strictObject({ request: request_, email: z.string().max(254) });

/**
 * What support staff do for a donor: find them by their address, see their gifts, send a mail again, correct the address, stop a gift. Every
 * showing and every change is written down before it happens; what is sent twice is done once.
 */
export function supportRoutes(deps: SupportDeps, guards: StaffGuards): Router {
  const router = express.Router();
  const roles = rolesOf("/finance/donors");
  const form = guards.form(roles);
  const place = () => ({ config: deps.config, newsroom: deps.newsroom() });

  router.get("/finance/donors", guards.page(roles), (_request, response) => {
    response.type("html").send(findPage(place(), staffOf(response)).text);
  });

  router.post("/finance/donors", ...form, async (request, response) => {
    const text = typed(request.body, "email", 254).trim();
    const refuse = (status: number, fault: "invalid" | "unknown") =>
      response
        .status(status)
        .type("html")
        .send(findPage(place(), staffOf(response), { fault, typed: text }).text);
    // As loosely as Stripe takes addresses: whoever gave with an odd one has to be found, too.
    if (!/^[^\s@]+@[^\s@]+$/.test(text)) {
      refuse(400, "invalid");
      return;
    }
    const found = await customerByAddress(deps.db, emailHash(deps.vault, text));
    const detail = { found: found !== null };
    await recordAudit(deps.db, { actor: actorOf(staffOf(response)), action: "donor_search", subject: found, detail });
    if (found === null) refuse(404, "unknown");
    else response.redirect(303, `/finance/donors/${found}`);
  });

  router.get("/finance/donors/:donor", guards.page(roles), async (request, response) => {
    const id = String(request.params.donor);
    const customer = DONOR_ID.test(id) ? await customerOf(deps, id) : null;
    if (customer !== null) {
      response.redirect(303, `/finance/donors/${customer}`);
      return;
    }
    const donor = await donorOf(deps, request);
    await show(response, donor, await saidOf(deps, donor, request.query));
  });

  /** Shows who a donor is, once that is written down. */
  async function show(response: Response, donor: Donor, said: Said | null): Promise<void> {
    const actor = actorOf(staffOf(response));
    const detail = { customers: donor.customers.length, gifts: donor.gifts.length };
    await recordAudit(deps.db, { actor, action: "name_read", subject: donor.id, detail });
    const shown = { donor, ...openNames(deps.vault, donor), said, request: randomUUID() };
    response.type("html").send(donorPage(place(), staffOf(response), shown).text);
  }

  router.post("/finance/donors/:donor/link", ...form, async (request, response) => {
    const body = parse(linkBody, request.body);
    const donor = await donorOf(deps, request);
    const sent = await resendLink(deps, actorOf(staffOf(response)), donor, body.request);
    back(response, donor, sent ? "link" : "no_address", { request: body.request });
  });

  router.post("/finance/donors/:donor/mail", ...form, async (request, response) => {
    const body = parse(mailBody, request.body);
    const donor = await donorOf(deps, request);
    if (!(await resendMail(deps, actorOf(staffOf(response)), donor, body))) throw missing();
    back(response, donor, "mail", { request: body.request });
  });

  router.post("/finance/donors/:donor/address", ...form, async (request, response) => {
    const body = parse(addressBody, request.body);
    const donor = await donorOf(deps, request);
    const email = canonicalEmail(body.email);
    if (email === null) return back(response, donor, "email");
    const { addresses } = openNames(deps.vault, donor);
    if (addresses.length === 1 && addresses[0] === email) return back(response, donor, "address_same");
    const entry = { actor: actorOf(staffOf(response)), action: "address_corrected", subject: donor.id } as const;
    const { oldId, newId } = idsOf(deps, donor, email);
    const { request: asked } = body;
    const detail = { customers: donor.customers.length, donor_id: oldId, request: asked };
    if (await isTaken(deps, donor, email)) {
      await recordAudit(deps.db, { ...entry, detail: { ...detail, outcome: "refused" } });
      response.status(409);
      await show(response, donor, "address_taken");
      return;
    }
    const change = { ...detail, new_donor_id: newId };
    await recordAudit(deps.db, { ...entry, detail: { ...change, outcome: "asked" } });
    const done = await correctAddress(deps, donor, { email, request: asked });
    await recordAudit(deps.db, { ...entry, detail: { ...change, outcome: done ? "done" : "failed" } });
    back(response, donor, done ? "address" : "address_failed");
  });

  router.post("/finance/donors/:donor/gifts/:gift/stop", ...form, async (request, response) => {
    const { request: asked, spoken } = parse(stopBody, request.body);
    const donor = await donorOf(deps, request);
    const gift = donor.gifts.find(({ id }) => id === request.params.gift);
    if (gift === undefined) throw missing();
    response.locals.donation_id = gift.id;
    const about = { gift: gift.id };
    if (!isRunning(gift)) return back(response, donor, "stop_over", about);
    if (spoken === undefined) return back(response, donor, "stop_unasked");
    const entry = { actor: actorOf(staffOf(response)), action: "gift_stopped", subject: gift.id } as const;
    await recordAudit(deps.db, { ...entry, detail: { request: asked, outcome: "asked" } });
    const done = await stopGift(deps, gift);
    await recordAudit(deps.db, { ...entry, detail: { request: asked, outcome: done ? "done" : "failed" } });
    back(response, donor, done ? "stopped" : "stop_failed", about);
  });
  return router;
}

/** The customer behind a donor id, also behind one that the donor had before the address was corrected. */
async function customerOf(deps: SupportDeps, donorId: string): Promise<string | null> {
  const found = await customerByDonorId(deps.db, donorId);
  if (found !== null) return found;
  const later = await laterDonorId(deps.db, donorId);
  return later === null ? null : await customerByDonorId(deps.db, later);
}

/** @throws AppError for a customer who isn't known, was deleted, or never gave anything */
async function donorOf(deps: SupportDeps, request: Request): Promise<Donor> {
  const id = String(request.params.donor);
  const donor = CUSTOMER.test(id) ? await findDonor(deps, id) : null;
  if (donor === null) throw missing();
  return donor;
}

function missing(): AppError {
  return new AppError(
    "not_found",
    "not_found",
    "There is no such donor, gift or mail. Find the donor by their address.",
  );
}

/** To the donor's page, which says what has happened: loading that again posts nothing. */
function back(
  response: Response,
  donor: Donor,
  said: Said,
  about: { readonly request?: string; readonly gift?: string } = {},
): void {
  response.redirect(303, `/finance/donors/${donor.id}?${new URLSearchParams({ said, ...about })}`);
}
