import {
  createCipheriv,
  createDecipheriv,
  createHmac,
  createSecretKey,
  type KeyObject,
  randomBytes,
} from "node:crypto";
import type { Keyring } from "./keyring.ts";

const FORMAT = 1;
const IV_BYTES = 12;
const TAG_BYTES = 16;

/**
 * Keeps what names a person. Sealed bytes are AES-256-GCM: format, key id, nonce, tag, ciphertext. `context` names where the
 * value lives (`table.column:row id`) and is authenticated, so a value that was moved to another row doesn't open.
 */
export interface Vault {
  /** Bytes are those of a text in UTF-8. */
  seal(value: string | Buffer, context: string): Buffer;
  /** @throws Error when the key is unknown, the context another one, or a byte was changed. */
  open(sealed: Buffer, context: string): string;
  /** Keyed hash to find a value again; its key outlives every rotation. `purpose` keeps the hashes of different things apart. */
  hash(purpose: string, value: string): Buffer;
  /** Whether the value is already under the key that encrypts now. */
  isCurrent(sealed: Buffer): boolean;
}

export function createVault(keyring: Keyring, lookupKey: Buffer): Vault {
  const hashKey = prepared(lookupKey);
  return {
    seal: (value, context) => seal(keyring, typeof value === "string" ? Buffer.from(value, "utf8") : value, context),
    open: (sealed, context) => open(keyring, sealed, context).toString("utf8"),
    hash: (purpose, value) => createHmac("sha256", hashKey).update(`${purpose}\0${value}`).digest(),
    isCurrent: (sealed) => keyIdOf(sealed) === keyring.current().id,
  };
}

export function seal(keyring: Keyring, value: Buffer, context: string): Buffer {
  const { id, key } = keyring.current();
  const keyId = Buffer.from(id, "utf8");
  const iv = randomBytes(IV_BYTES);
  const cipher = createCipheriv("aes-256-gcm", prepared(key), iv).setAAD(Buffer.from(context, "utf8"));
  const ciphertext = [cipher.update(value), cipher.final()];
  return Buffer.concat([Buffer.from([FORMAT, keyId.length]), keyId, iv, cipher.getAuthTag(), ...ciphertext]);
}

export function open(keyring: Keyring, sealed: Buffer, context: string): Buffer {
  const keyId = keyIdOf(sealed);
  const ivAt = 2 + Buffer.byteLength(keyId);
  const tagAt = ivAt + IV_BYTES;
  const textAt = tagAt + TAG_BYTES;
  if (sealed.length < textAt) throw new Error("A sealed value is shorter than its own header: it was cut off.");
  const decipher = createDecipheriv("aes-256-gcm", prepared(keyring.byId(keyId).key), sealed.subarray(ivAt, tagAt))
    .setAAD(Buffer.from(context, "utf8"))
    .setAuthTag(sealed.subarray(tagAt, textAt));
  return Buffer.concat([decipher.update(sealed.subarray(textAt)), decipher.final()]);
}

const keys = new WeakMap<Buffer, KeyObject>();

/** Node takes four times as long when it has to prepare a key for each use. */
function prepared(key: Buffer): KeyObject {
  const known = keys.get(key);
  if (known !== undefined) return known;
  const made = createSecretKey(key);
  keys.set(key, made);
  return made;
}

function keyIdOf(sealed: Buffer): string {
  const length = sealed[1];
  if (sealed[0] !== FORMAT || length === undefined) throw new Error("A sealed value has an unknown format.");
  return sealed.toString("utf8", 2, 2 + length);
}
