import { access, constants, statfs } from "node:fs/promises";
import { tmpdir } from "node:os";

const ENOUGH_BYTES = 2 * 1024 ** 3;

/**
 * Where temporary databases go: in memory, if the system offers enough of it. A database is some 400 files, copied in
 * 10 ms there and in 300 ms on a disk.
 */
export async function fastFolder(): Promise<string> {
  try {
    const { bavail, bsize } = await statfs("/dev/shm");
    await access("/dev/shm", constants.W_OK);
    if (bavail * bsize >= ENOUGH_BYTES) return "/dev/shm";
  } catch {
    // Not a Linux, or not for us.
  }
  return tmpdir();
}
