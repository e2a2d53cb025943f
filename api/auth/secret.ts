// Creates secrets, hashes them for the store, and compares them in constant time. Tokens and sign-ins are 256 random
// bits, so a SHA-256 of them reveals nothing. Passwords are chosen by people, so scrypt hashes each with its own salt.
// Nothing is kept here.
import { createHash, randomBytes, scrypt, timingSafeEqual, type ScryptOptions } from 'node:crypto';
import { promisify } from 'node:util';

const RANDOM_BYTES = 32;
const SALT_BYTES = 16;
const KEY_BYTES = 32;
/** Cost of scrypt: 32 MiB and three passes (source: OWASP, Password Storage Cheat Sheet). */
const COST = { N: 2 ** 15, r: 8, p: 3 } as const;
/** Memory limit of scrypt, in bytes. Node's default limit is lower than the cost above requires. */
const MAX_MEMORY = 128 * 1_048_576;

const derive = promisify<string, Buffer, number, ScryptOptions, Buffer>(scrypt);

/** Returns a secret of 43 printable ASCII characters without spaces. */
export function makeSecret(): string {
  return randomBytes(RANDOM_BYTES).toString('base64url');
}

/** Returns an id that people can read and type. */
export function makeId(): string {
  return randomBytes(6).toString('hex');
}

export function hashSecret(secret: string): string {
  return createHash('sha256').update(secret).digest('base64url');
}

/** Returns true if the texts are equal. It takes the same time for any two texts. */
export function isSameSecret(left: string, right: string): boolean {
  return timingSafeEqual(createHash('sha256').update(left).digest(), createHash('sha256').update(right).digest());
}

/** Returns `scrypt$N$r$p$salt$key`, so that a later release with another cost can still check the password. */
export async function hashPassword(password: string): Promise<string> {
  const salt = randomBytes(SALT_BYTES);
  const key = await derive(password.normalize('NFKC'), salt, KEY_BYTES, { ...COST, maxmem: MAX_MEMORY });
  return ['scrypt', COST.N, COST.r, COST.p, salt.toString('base64url'), key.toString('base64url')].join('$');
}

/**
 * Returns true if the password matches the hash. Without a hash (an unknown name) it takes as long and returns false.
 */
export async function checkPassword(password: string, hash: string | undefined): Promise<boolean> {
  const [name, N, r, p, salt = '', key = ''] = (hash ?? '').split('$');
  const isKnown = name === 'scrypt' && key !== '';
  const cost = isKnown ? { N: Number(N), r: Number(r), p: Number(p) } : COST;
  const derived = await derive(password.normalize('NFKC'), Buffer.from(salt, 'base64url'), KEY_BYTES, {
    ...cost,
    maxmem: MAX_MEMORY,
  });
  const known = Buffer.from(key, 'base64url');
  return isKnown && known.length === derived.length && timingSafeEqual(known, derived);
}
