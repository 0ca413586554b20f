import type { Transaction } from "kysely";
import { validate as isUuid, v7 } from "uuid";
import { type Actor, recordAudit } from "../audit/record.queries.ts";
import type { DB } from "../db/schema.ts";
import { inTransaction } from "../db/transaction.ts";
import type { Deps } from "../deps.ts";
import { canonicalEmail } from "../shared/email.ts";
import type { Role } from "../shared/roles.ts";
import { emailHash } from "../vault/email-hash.ts";
import { insertMember, lockMember, type Member, markRemoved, setRole } from "./members.queries.ts";

type MemberDeps = Pick<Deps, "db"> & { readonly vault: Pick<Deps["vault"], "hash" | "seal"> };

export interface Added {
  readonly id: string;
  /** What became of it: a member who was there may have another role now. */
  readonly change: "added" | "added_again" | "role_changed" | "none";
}

/** Lets whoever reads mail at this address sign in, in this role. @param email in canonical form @throws RangeError unless it is an address */
export async function addMember(deps: MemberDeps, actor: Actor, email: string, role: Role): Promise<Added> {
  const address = canonicalEmail(email);
  if (address === null) throw new RangeError("Expected an e-mail address.");
  const hash = emailHash(deps.vault, address);
  return await inTransaction(deps.db, async (trx) => {
    const known = await lockMember(trx, { hash });
    if (known !== null) return await changeRole(trx, actor, known, role);
    const id = v7();
    const addressSealed = deps.vault.seal(address, `staff_members.address_sealed:${id}`);
    if (await insertMember(trx, { id, role, addressHash: hash, addressSealed })) {
      await recordAudit(trx, { actor, action: "staff_added", subject: id, detail: { role } });
      return { id, change: "added" };
    }
    const other = await lockMember(trx, { hash });
    if (other === null) throw new Error("A member of staff was added and is not there.");
    return await changeRole(trx, actor, other, role);
  });
}

/** The role holds from the next request on. @returns null when there is no such member */
export async function changeMemberRole(
  deps: MemberDeps,
  actor: Actor,
  addressOrId: string,
  role: Role,
): Promise<Added | null> {
  return await inTransaction(deps.db, async (trx) => {
    const member = await lockMember(trx, keyOf(deps, addressOrId));
    return member === null || member.removed_at !== null ? null : await changeRole(trx, actor, member, role);
  });
}

/** Signs the member out everywhere, at once; links that were mailed open nothing. @returns null when there is no such member */
export async function removeMember(deps: MemberDeps, actor: Actor, addressOrId: string): Promise<string | null> {
  return await inTransaction(deps.db, async (trx) => {
    const member = await lockMember(trx, keyOf(deps, addressOrId));
    if (member === null || member.removed_at !== null) return null;
    await markRemoved(trx, member.id);
    await recordAudit(trx, { actor, action: "staff_removed", subject: member.id, detail: { role: member.role } });
    return member.id;
  });
}

async function changeRole(trx: Transaction<DB>, actor: Actor, member: Member, role: Role): Promise<Added> {
  const { id, role: before, removed_at } = member;
  if (removed_at === null && before === role) return { id, change: "none" };
  await setRole(trx, id, role);
  if (removed_at !== null) {
    await recordAudit(trx, { actor, action: "staff_added", subject: id, detail: { role } });
    return { id, change: "added_again" };
  }
  await recordAudit(trx, { actor, action: "staff_role_changed", subject: id, detail: { role, before } });
  return { id, change: "role_changed" };
}

function keyOf({ vault }: MemberDeps, addressOrId: string) {
  return isUuid(addressOrId) ? { id: addressOrId } : { hash: emailHash(vault, addressOrId) };
}
