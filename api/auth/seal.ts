// Encrypts values that a browser keeps in a cookie (AES-256-GCM), so that the browser can neither read nor forge them.
// The key belongs to the installation and is in the store, so that each process can open what another one sealed.
import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { isObject } from '../../core/json.js';
import type { VersionedListStore } from './versioned-list.js';

const KEY = 'access/seal';
const KEY_BYTES = 32;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const CIPHER = 'aes-256-gcm';

export interface Seal {
  close(purpose: string, text: string): Promise<string>;
  /** Returns the text; undefined if the value is forged, has another purpose, or is older than `maxAgeMs`. */
  open(purpose: string, sealed: string | undefined, maxAgeMs: number): Promise<string | undefined>;
}

export function createSeal(store: VersionedListStore, now: () => number): Seal {
  let known: Buffer | undefined;
  const loadKey = async (): Promise<Buffer> => {
    known ??= await loadOrMakeKey(store);
    return known;
  };
  return {
    async close(purpose, text) {
      const nonce = randomBytes(NONCE_BYTES);
      const cipher = createCipheriv(CIPHER, await loadKey(), nonce);
      const body = Buffer.concat([cipher.update(JSON.stringify({ purpose, at: now(), text })), cipher.final()]);
      return Buffer.concat([nonce, cipher.getAuthTag(), body]).toString('base64url');
    },
    async open(purpose, sealed, maxAgeMs) {
      const bytes = Buffer.from(sealed ?? '', 'base64url');
      if (bytes.length <= NONCE_BYTES + TAG_BYTES) return undefined;
      const value = decrypt(bytes, await loadKey());
      if (!isObject(value) || value['purpose'] !== purpose || typeof value['at'] !== 'number') return undefined;
      const isFresh = Math.abs(now() - value['at']) <= maxAgeMs;
      return isFresh && typeof value['text'] === 'string' ? value['text'] : undefined;
    },
  };
}

/** Returns the key and creates it if needed. If several processes start at once, one of them creates it. */
async function loadOrMakeKey(store: VersionedListStore): Promise<Buffer> {
  const stored = (await store.access.load(KEY))?.value;
  if (stored !== undefined) return Buffer.from(stored, 'base64url');
  const made = randomBytes(KEY_BYTES);
  if (await store.access.replace(undefined, { key: KEY, value: made.toString('base64url') })) return made;
  return Buffer.from((await store.access.load(KEY))?.value ?? '', 'base64url');
}

/** Returns undefined if the bytes were not encrypted with this key. */
function decrypt(bytes: Buffer, key: Buffer): unknown {
  try {
    const decipher = createDecipheriv(CIPHER, key, bytes.subarray(0, NONCE_BYTES));
    decipher.setAuthTag(bytes.subarray(NONCE_BYTES, NONCE_BYTES + TAG_BYTES));
    const body = Buffer.concat([decipher.update(bytes.subarray(NONCE_BYTES + TAG_BYTES)), decipher.final()]);
    return JSON.parse(body.toString('utf8'));
  } catch {
    return undefined;
  }
}
