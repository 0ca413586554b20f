import express, { type Request, type RequestHandler, type Response, type Router } from "express";
import { z } from "zod";
import type { Deps } from "../../deps.ts";
import { laterDonorId } from "../../donations/corrected.queries.ts";
import type { Html } from "../../http/html.ts";
import { parse } from "../../http/parse.ts";
import { type Staff, staffOf } from "../../http/staff.ts";
import { findLocale, type NewsroomConfig, pickLocale } from "../../newsroom.ts";
import { isTest } from "../../pages/layout.page.ts";
import { AppError } from "../../shared/errors.ts";
import { periodStart } from "../../shared/period.ts";
import type { Role } from "../../shared/roles.ts";
import { namesFor } from "./names.ts";
import { receiptPage } from "./receipt.page.ts";
import { findReceipt, notePrint } from "./receipt.queries.ts";
import { stateOf } from "./state.ts";
import { statementPage } from "./statement.page.ts";
import { findDonor, statementLines } from "./statement.queries.ts";

type ReceiptDeps = Pick<Deps, "db" | "vault" | "newsroom" | "now" | "config">;

export interface NameRead {
  readonly staff: Staff;
  readonly donor_id: string;
  /** What it was read for. */
  readonly purpose: "receipt" | "statement";
}

export interface ReceiptParts {
  /** Lets the roles pass that it is given. */
  readonly allow: (roles: readonly Role[]) => RequestHandler;
  /** Called before a donor's name is shown; what it throws keeps the name back. */
  readonly onNameRead: (read: NameRead) => Promise<void>;
}

/** Who sees names: those who talk to donors. Finance staff see pseudonymous ids. */
const SEES_NAMES: readonly unknown[] = ["support", "admin"] satisfies readonly Role[];

const locale = z.string().max(35).optional();
const receiptQuery = z.strictObject({ locale });
const statementQuery = z.strictObject({
  locale,
  year: z
    .string()
    .regex(/^(?:19|20|21)\d{2}$/, "Expected a year as YYYY.")
    .transform(Number),
});

/** Receipts and statements as pages to print, on the database that is written to: each showing of a receipt is kept. */
export function receiptRoutes(deps: ReceiptDeps, { allow, onNameRead }: ReceiptParts): Router {
  const router = express.Router();
  const staff = allow(["finance", "support"]);

  router.get("/finance/receipts/:number", staff, async (request, response) => {
    const query = parse(receiptQuery, request.query);
    const number = String(request.params.number);
    const receipt = NUMBER.test(number) ? await findReceipt(deps.db, number) : null;
    if (receipt === null) throw missing("There is no receipt of this number.");
    const newsroom = deps.newsroom();
    const locale = localeOf(newsroom, query.locale, receipt.locale);
    const staffTokenId = tokenOf(response);
    const [name = null] = await namesOf(response, receipt.donor_id, [receipt.customer], "receipt");
    const print = { number, at: deps.now(), staffTokenId, withName: name !== null };
    // A HEAD shows nothing.
    const copy = request.method === "HEAD" ? 1 : await notePrint(deps.db, print);
    send(
      response,
      receiptPage({
        newsroom,
        locale,
        test: isTest(deps.config),
        receipt,
        state: stateOf(receipt),
        name,
        copy,
      }),
    );
  });

  router.get("/finance/donors/:donor_id/statement", staff, async (request: Request, response) => {
    const query = parse(statementQuery, request.query);
    const donorId = String(request.params.donor_id);
    const donor = UUID.test(donorId) ? await findDonor(deps.db, donorId) : null;
    if (donor === null) {
      const later = UUID.test(donorId) ? await laterDonorId(deps.db, donorId) : null;
      if (later === null) throw missing("There is no donor of this id.");
      response.redirect(
        303,
        `/finance/donors/${later}/statement?${new URL(request.originalUrl, "http://self").searchParams}`,
      );
      return;
    }
    const newsroom = deps.newsroom();
    const locale = localeOf(newsroom, query.locale, donor.locale);
    const span = {
      start: periodStart(`${query.year}-01-01`, newsroom.time_zone),
      end: periodStart(`${query.year + 1}-01-01`, newsroom.time_zone),
    };
    const lines = await statementLines(deps.db, donorId, span);
    const customers = lines.map(({ customer }) => customer);
    const names = await namesOf(response, donorId, customers, "statement");
    send(
      response,
      statementPage({
        newsroom,
        locale,
        test: isTest(deps.config),
        year: query.year,
        donorId,
        names,
        lines,
      }),
    );
  });

  async function namesOf(
    response: Response,
    donorId: string | null,
    customers: readonly (string | null)[],
    purpose: NameRead["purpose"],
  ) {
    if (donorId === null || !SEES_NAMES.includes(staffOf(response).role)) return [];
    const known = [...new Set(customers)].filter((each) => each !== null);
    return await namesFor(deps, known, () => onNameRead({ staff: staffOf(response), donor_id: donorId, purpose }));
  }
  return router;
}

const NUMBER = /^(?:[1-9]\d*-)?\d{4}-\d{6,}$/;
const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

function tokenOf(response: Response): string | null {
  const { id, kind } = staffOf(response);
  return kind === "token" ? id : null;
}

/** @throws AppError when a language was asked for that the newsroom doesn't have */
function localeOf(newsroom: NewsroomConfig, asked: string | undefined, donors: string | null): string {
  if (asked === undefined) return pickLocale(newsroom, donors);
  const found = findLocale(newsroom, asked);
  if (found !== null) return found;
  const path = { path: "locale", message: `Expected one of: ${newsroom.locales.join(", ")}.` };
  throw new AppError("invalid", "invalid_request", "The newsroom has no such language. Ask for another one.", {
    errors: [path],
  });
}

function send(response: Response, page: Html): void {
  response.set("Cache-Control", "private, no-store").type("html").send(page.text);
}

function missing(message: string): AppError {
  return new AppError("not_found", "not_found", message);
}
