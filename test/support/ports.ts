import { freePort } from "../../src/sandbox/postgres/port.ts";

/** Below those that the system gives out by itself, so that nobody takes one between the look and its use. */
const FIRST = 20_000;
const OF_EACH_PROCESS = 20;
const PROCESSES = 500;

let next = 0;

/** A port that is free and stays so for this process's own programs: no other test process looks in its range. */
export async function ownPort(): Promise<number> {
  for (let tries = 0; tries < OF_EACH_PROCESS; tries++) {
    const port = FIRST + (process.pid % PROCESSES) * OF_EACH_PROCESS + (next++ % OF_EACH_PROCESS);
    try {
      return await freePort(port);
    } catch {}
  }
  throw new Error("None of this process's ports is free.");
}
