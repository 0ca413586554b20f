import type { DataKey } from "../config.ts";

export interface Keyring {
  /** The key that encrypts. */
  current(): DataKey;
  /** @throws Error naming the missing key's id. */
  byId(id: string): DataKey;
}

/**
 * `load` reads the keys from where they are kept. It is called again when a value turns up under an unknown key, so a running
 * process follows a rotation that another one began.
 */
export function createKeyring(load: () => readonly DataKey[]): Keyring {
  let keys = load();

  return {
    current: () => {
      const [first] = keys;
      if (first === undefined) throw new Error("There is no data key: DATA_KEYS must name at least one.");
      return first;
    },
    byId: (id) => {
      let key = keys.find((candidate) => candidate.id === id);
      if (key === undefined) {
        keys = load();
        key = keys.find((candidate) => candidate.id === id);
      }
      if (key === undefined) {
        throw new Error(
          `Data key ${JSON.stringify(id)} is missing: add it to DATA_KEYS again until rotate-keys has finished.`,
        );
      }
      return key;
    },
  };
}
