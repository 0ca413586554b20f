import type { DataKey } from "../config.ts";
import { SetupError } from "../shared/errors.ts";

export interface Keyring {
  /** The key that encrypts. */
  current(): DataKey;
  /** @throws SetupError naming the missing key's id. */
  byId(id: string): DataKey;
}

const RELOAD_EVERY_MS = 1_000;

/**
 * `load` reads the keys from where they are kept. It is called again when a value turns up under an unknown key, and at most once a
 * second before sealing, so a running process follows a rotation that another one began.
 */
export function createKeyring(load: () => readonly DataKey[]): Keyring {
  let keys = load();
  let loadedAt = performance.now();

  return {
    current: () => {
      if (performance.now() - loadedAt >= RELOAD_EVERY_MS) {
        loadedAt = performance.now();
        keys = loadOr(load, keys);
      }
      const [first] = keys;
      if (first === undefined) throw new SetupError(["DATA_KEYS: names no key; it must name at least one."]);
      return first;
    },
    byId: (id) => {
      let key = keys.find((candidate) => candidate.id === id);
      if (key === undefined) {
        keys = load();
        key = keys.find((candidate) => candidate.id === id);
      }
      if (key === undefined) {
        throw new SetupError([
          `DATA_KEYS: the data key ${JSON.stringify(id)} is missing. Add it again until rotate-keys has finished.`,
        ]);
      }
      return key;
    },
  };
}

/** Keys that can't be read just now are no reason to seal nothing. */
function loadOr(load: () => readonly DataKey[], known: readonly DataKey[]): readonly DataKey[] {
  try {
    return load();
  } catch {
    return known;
  }
}
