import { type ChildProcess, spawnSync } from "node:child_process";
import { readlinkSync, writeFileSync } from "node:fs";
import { vi } from "vitest";

/**
 * Command lines, for `within` of a program, that let root run it in other circumstances. Each has mounts of its own, so
 * that the machine stays as it is.
 */

/** Why this machine cannot do that; undefined if it can. */
export function missingForCircumstances(): string | undefined {
  if (process.platform !== "linux") return "needs Linux";
  if (process.getuid?.() !== 0) return "needs root";
  const { status } = spawnSync("unshare", ["--mount", "mount", "-t", "tmpfs", "none", "/mnt"]);
  return status === 0 ? undefined : "this root may not mount";
}

/** Runs shell commands, which may mount, before the program. They find `args` in $1, $2 … */
export function afterMounting(commands: string, args: readonly string[] = []): string[] {
  return ["unshare", "--mount", "sh", "-ec", `${commands}\nshift ${args.length}; exec "$@"`, "sh", ...args];
}

/**
 * Runs the program where no further user namespaces can be made, as in a container. That is a setting of a namespace of
 * its own, in which root and nobody stay who they are: call `enterNamespace` on the process, which waits for that.
 */
export function withoutUserNamespaces(): string[] {
  const inside = 'echo 0 > /proc/sys/user/max_user_namespaces; exec "$@"';
  // Root's rights come with the second exec, once the accounts are mapped.
  return ["unshare", "--user", "sh", "-ec", `read -r mapped; exec sh -ec '${inside}' sh "$@"`, "sh"];
}

export async function enterNamespace(child: ChildProcess): Promise<void> {
  const ours = readlinkSync("/proc/self/ns/user");
  await vi.waitUntil(() => readlinkSync(`/proc/${child.pid}/ns/user`) !== ours, { timeout: 5000, interval: 10 });
  for (const map of ["uid_map", "gid_map"]) writeFileSync(`/proc/${child.pid}/${map}`, "0 0 1\n65534 65534 1\n");
  child.stdin?.write("mapped\n");
}
