import { readFileSync } from "node:fs";
import { chmod, chown, mkdtemp, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { SetupError } from "../../shared/errors.ts";
import { type Binaries, binariesIn } from "./binaries.ts";
import { run } from "./child.ts";
import { publicCopy } from "./public-copy.ts";

/** One way to run Postgres so that it does not refuse our account, and so that it ends when we are killed. */
export interface Launcher {
  readonly name: string;
  /** What stands before the program on the command line. */
  readonly prefix: readonly string[];
  /** The account that Node itself changes to for the program. */
  readonly account?: { readonly uid: number; readonly gid: number };
  /** Who must own the data files, in this process's numbering; undefined when they are ours anyway. */
  readonly owner?: { readonly uid: number; readonly gid: number };
  readonly binaries: Binaries;
}

/** The kernel tells Postgres when we are gone, even by kill -9; SIGINT is its fast and clean shutdown. */
const TIED_TO_US = ["setpriv", "--pdeathsig", "SIGINT"];

/**
 * Finds by trying how Postgres can be run on this machine with its data below `dataDir`.
 * Throws a SetupError that lists what was tried.
 */
export async function chooseLauncher(dataDir: string, binaries: Binaries): Promise<Launcher> {
  const failures: string[] = [];
  for (const candidate of process.getuid?.() === 0 ? rootLaunchers(dataDir, binaries) : ordinaryLaunchers(binaries)) {
    const launcher = await candidate();
    const failure = await tryOut(launcher, dataDir);
    if (failure === undefined) return launcher;
    failures.push(`${launcher.name}: ${failure}`);
  }
  throw new SetupError([
    `The embedded Postgres does not run here (${failures.join("; ")}). ` +
      "Run as an ordinary user, or set DATABASE_URL to a Postgres 15 or newer.",
  ]);
}

type Candidate = () => Promise<Launcher>;

function ordinaryLaunchers(binaries: Binaries): readonly Candidate[] {
  return [
    async () => ({ name: "tied to this process", prefix: [...TIED_TO_US, "--"], binaries }),
    async () => ({ name: "directly", prefix: [], binaries }),
  ];
}

/** Postgres refuses to run as root, so it is made to see, or to get, another account. */
function rootLaunchers(dataDir: string, binaries: Binaries): readonly Candidate[] {
  const nobody = accountOf("nobody");
  const { uid, gid } = nobody;
  return [
    // In a user namespace root looks like nobody to Postgres and stays root to the file system: nothing need be public.
    async () => ({
      name: "user namespace",
      prefix: ["unshare", "--user", `--map-user=${uid}`, `--map-group=${gid}`, ...TIED_TO_US, "--"],
      owner: { uid: 0, gid: 0 },
      binaries,
    }),
    // Containers forbid namespaces but let root hand on the right to reach its files. Programs are looked up with
    // access(2), which ignores that right, so they must stand where nobody may go.
    async () => ({
      name: "account nobody with root's access to files",
      prefix: [
        ...[...TIED_TO_US, `--reuid=${uid}`, `--regid=${gid}`, "--clear-groups", "--no-new-privs"],
        ...["--inh-caps=-all,+dac_override", "--ambient-caps=-all,+dac_override", "--"],
      ],
      owner: nobody,
      binaries: binariesIn(await publicCopy(binaries.root)),
    }),
    async () => {
      await letOthersPass(dataDir);
      return {
        name: "account nobody",
        prefix: [],
        account: nobody,
        owner: nobody,
        binaries: binariesIn(await publicCopy(binaries.root)),
      };
    },
  ];
}

/** Runs the program and writes where the data will be; undefined when it worked, else what was said. */
async function tryOut(launcher: Launcher, dataDir: string): Promise<string | undefined> {
  const folder = await mkdtemp(join(dataDir, "postgres.trial-"));
  try {
    if (launcher.owner !== undefined) await chown(folder, launcher.owner.uid, launcher.owner.gid);
    const { postgres } = launcher.binaries;
    const outcome =
      process.platform === "win32"
        ? await run(launcher, postgres, ["--version"])
        : await run(launcher, "sh", ["-c", ': > "$0/written" && exec "$1" --version', folder, postgres]);
    return outcome.code === 0 ? undefined : (outcome.output.trim().split("\n").at(-1) ?? "");
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Lets other accounts pass through a folder without seeing what is in it. */
async function letOthersPass(folder: string): Promise<void> {
  const { mode } = await stat(folder);
  await chmod(folder, mode | 0o011);
}

/** An account that exists on the machine, since initdb asks for its name; numbers that nearly every system has if not. */
function accountOf(name: string): { uid: number; gid: number } {
  let lines: string[] = [];
  try {
    lines = readFileSync("/etc/passwd", "utf8").split("\n");
  } catch {
    // No list of accounts: the usual numbers.
  }
  const [, , uid = "65534", gid = "65534"] = lines.find((line) => line.startsWith(`${name}:`))?.split(":") ?? [];
  return { uid: Number(uid) >>> 0, gid: Number(gid) >>> 0 };
}
