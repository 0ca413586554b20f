/** What a member of staff may do. `admin` may all that the others may. */
export const ROLES = ["finance", "audience", "support", "admin"] as const;
export type Role = (typeof ROLES)[number];

/** Whether a role is among those, or may all. */
export function isAllowed(role: Role, roles: readonly Role[]): boolean {
  return role === "admin" || roles.includes(role);
}
