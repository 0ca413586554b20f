import type { RequestHandler, Response } from "express";
import type { Role } from "../shared/roles.ts";

/** Who asks, as the guards leave it in `response.locals.staff`. */
export interface Staff {
  /** Of the token, or of the member of staff. */
  readonly id: string;
  readonly role: Role;
  readonly kind: "token" | "session";
  /** What every form on this session's pages has to send back, as `csrf`. */
  readonly csrf?: string;
}

/** What stands in front of the pages for staff. `admin` passes all of them. */
export interface StaffGuards {
  /** For a page: whoever isn't signed in is led to do that and back again. */
  page(roles: readonly Role[]): RequestHandler;
  /** For what a page's form posts: reads the form, and refuses one of another site or another session. The body comes without `csrf`. */
  form(roles: readonly Role[]): RequestHandler[];
}

/** @throws Error where no guard stands before the handler */
export function staffOf(response: Pick<Response, "locals">): Staff {
  const { staff } = response.locals;
  if (staff === undefined) throw new Error("This route has no guard in front of it.");
  return staff as Staff;
}
