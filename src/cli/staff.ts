import { parseArgs } from "node:util";
import { validate as isUuid } from "uuid";
import { recordAudit } from "../audit/record.queries.ts";
import { canonicalEmail } from "../shared/email.ts";
import { SetupError } from "../shared/errors.ts";
import { ROLES, type Role } from "../shared/roles.ts";
import { listMembers } from "../staff/members.queries.ts";
import { type Added, addMember, changeMemberRole, removeMember } from "../staff/members.ts";
import { createKeyring } from "../vault/keyring.ts";
import { loadLookupKey } from "../vault/lookup-key.queries.ts";
import { createVault, type Vault } from "../vault/vault.ts";
import { argumentFault } from "./argument-fault.ts";
import type { CommandContext, Run } from "./command.ts";

const USAGE = [
  `Use: staff add ADDRESS --role ${ROLES.join("|")}`,
  "     staff role ADDRESS|ID --role ROLE",
  "     staff remove ADDRESS|ID",
  "     staff list [--addresses]",
];
const ACTOR = { kind: "command_line" } as const;
const UNKNOWN = "There is no such member of staff: `staff list` shows those there are.";

const SAID: Readonly<Record<Added["change"], string>> = {
  added: "was added",
  added_again: "is back",
  role_changed: "has another role now",
  none: "had this role already",
};

/** `staff add|role|remove|list`: who may sign in at /finance. Addresses go into the vault, and no command prints one unless asked to. */
export function staffCommand(args: readonly string[]): Run {
  const [verb, ...rest] = args;
  const { values, positionals } = read(rest);
  const [who, ...others] = positionals;
  if (others.length > 0) throw new SetupError([`${others.length} more than one were given.`, ...USAGE]);
  switch (verb) {
    case "add":
      return add(addressOf(who), roleOf(values.role));
    case "role":
      return change(keyOf(who), roleOf(values.role));
    case "remove":
      return remove(keyOf(who));
    case "list":
      if (who !== undefined) throw new SetupError(["staff list takes no name.", ...USAGE]);
      return list(values.addresses === true);
    default:
      throw new SetupError(["staff: expected add, role, remove or list.", ...USAGE]);
  }
}

function add(email: string, role: Role): Run {
  return async (context) => {
    const { id, change } = await addMember({ db: context.db, vault: await vaultOf(context) }, ACTOR, email, role);
    console.log(`${id}  ${role}  ${SAID[change]}`);
    console.error(`They sign in at ${context.settings.config.publicUrl}/finance`);
  };
}

function change(who: string, role: Role): Run {
  return async (context) => {
    const deps = { db: context.db, vault: await vaultOf(context) };
    const changed = await changeMemberRole(deps, ACTOR, who, role);
    if (changed === null) throw new SetupError([UNKNOWN]);
    console.log(`${changed.id}  ${role}  ${SAID[changed.change]}`);
  };
}

function remove(who: string): Run {
  return async (context) => {
    const id = await removeMember({ db: context.db, vault: await vaultOf(context) }, ACTOR, who);
    if (id === null) throw new SetupError([UNKNOWN]);
    console.log(`${id}  removed: signed out everywhere`);
  };
}

function list(addresses: boolean): Run {
  return async (context) => {
    const members = await listMembers(context.db);
    const vault = addresses ? await vaultOf(context) : null;
    if (vault !== null)
      await recordAudit(context.db, { actor: ACTOR, action: "staff_listed", detail: { addresses: true } });
    for (const { id, role, removed_at, signed_in_at, address_sealed } of members) {
      const state = removed_at === null ? "active " : "removed";
      const seen = signed_in_at === null ? "never signed in" : `signed in ${signed_in_at.toISOString()}`;
      const address = vault?.open(address_sealed, `staff_members.address_sealed:${id}`);
      console.log([id, role.padEnd(8), state, seen, ...(address === undefined ? [] : [address])].join("  "));
    }
    console.error(members.length === 0 ? "Nobody yet." : `${members.length} member(s) of staff.`);
  };
}

async function vaultOf({ settings, db }: CommandContext): Promise<Vault> {
  const keyring = createKeyring(settings.loadKeys);
  return createVault(keyring, await loadLookupKey(db, keyring));
}

/** What was typed isn't repeated: it may stand in the log of whoever runs this. */
function addressOf(text: string | undefined): string {
  const address = canonicalEmail(text ?? "");
  if (address === null) throw new SetupError(["Expected an e-mail address behind the verb.", ...USAGE]);
  return address;
}

function keyOf(text: string | undefined): string {
  return text !== undefined && isUuid(text) ? text : addressOf(text);
}

function roleOf(text: string | undefined): Role {
  const role = ROLES.find((one) => one === text);
  if (role === undefined) throw new SetupError([`--role: expected one of ${ROLES.join(", ")}.`, ...USAGE]);
  return role;
}

function read(args: readonly string[]) {
  try {
    const options = { role: { type: "string" }, addresses: { type: "boolean" } } as const;
    return parseArgs({ args: [...args], allowPositionals: true, options });
  } catch (error) {
    throw argumentFault(error, USAGE);
  }
}
