/** What the driver, the system and the server say when there is no talking to the database at all. */
const UNREACHABLE: ReadonlySet<string> = new Set([
  ..."ECONNREFUSED ECONNRESET ENOTFOUND EAI_AGAIN ETIMEDOUT EHOSTUNREACH ENETUNREACH ENOENT EACCES EPIPE".split(" "),
  // Wrong password, role or database; too many connections; not accepting any; ended, crashed, starting up or shutting down.
  ..."28P01 28000 3D000 53300 55000 57P01 57P02 57P03".split(" "),
]);
/** Of files as well as of sockets. */
const OF_FILES: ReadonlySet<string> = new Set(["ENOENT", "EACCES"]);
/** pg gives these no code. */
const SILENT =
  /^(?:timeout exceeded when trying to connect|Connection terminated\b.*|Query read timeout|Client has encountered a connection error and is not queryable)$/;

/** What is said when the database can't be talked to: the code, or `silent` when there is none; null for every other error. */
export function databaseTrouble(error: unknown): { readonly code: string } | "silent" | null {
  if (!(error instanceof Error)) return null;
  if (SILENT.test(error.message)) return "silent";
  const { code = "", syscall } = error as NodeJS.ErrnoException;
  if (!UNREACHABLE.has(code) || (OF_FILES.has(code) && syscall !== "connect")) return null;
  return { code };
}
