import { isAllowed, type Role } from "../../shared/roles.ts";

interface Section {
  readonly path: `/finance${string}`;
  readonly name: string;
  /** Who may see it, besides `admin`. */
  readonly roles: readonly Role[];
}

/** The pages for staff, in the order of their navigation. */
export const SECTIONS = [
  { path: "/finance", name: "Overview", roles: ["finance"] },
  { path: "/finance/recurring", name: "Recurring", roles: ["finance"] },
  { path: "/finance/payouts", name: "Payouts", roles: ["finance"] },
  { path: "/finance/balance", name: "Balance", roles: ["finance"] },
  { path: "/finance/audience", name: "Audience", roles: ["finance", "audience"] },
  { path: "/finance/disputes", name: "Disputes", roles: ["finance"] },
  { path: "/finance/reminders", name: "Reminders", roles: ["finance", "audience"] },
  { path: "/finance/exports", name: "Exports", roles: ["finance"] },
  { path: "/finance/donors", name: "Donors", roles: ["support"] },
  { path: "/finance/audit", name: "Audit", roles: [] },
] as const satisfies readonly Section[];

export type SectionPath = (typeof SECTIONS)[number]["path"];

/** Who may see a section, for its guard. */
export function rolesOf(path: SectionPath): readonly Role[] {
  return SECTIONS.find((section) => section.path === path)?.roles ?? [];
}

export function sectionsFor(role: Role): readonly Section[] {
  return SECTIONS.filter((section) => isAllowed(role, section.roles));
}

/** Where whoever signs in begins. */
export function homeOf(role: Role): string {
  return sectionsFor(role)[0]?.path ?? "/finance";
}
