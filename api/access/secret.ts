// Secrets: made, hashed for the store, compared in constant time. Tokens and sign-ins are 256 random bits, of which a
// SHA-256 tells nothing; passwords are chosen by people and go through scrypt with a salt each. Nothing here is kept.
import { createHash, randomBytes, scrypt, timingSafeEqual, type ScryptOptions } from 'node:crypto';
import { promisify } from 'node:util';

const RANDOM_BYTES = 32;
const SALT_BYTES = 16;
const KEY_BYTES = 32;
/** OWASP, Password Storage Cheat Sheet: 32 MiB and three passes. */
const COST = { N: 2 ** 15, r: 8, p: 3 } as const;
/** Node's own limit is below what the cost above needs. */
const MOST_MEMORY = 128 * 1_048_576;

const derive = promisify<string, Buffer, number, ScryptOptions, Buffer>(scrypt);

/** Printable ASCII without spaces, 43 characters. */
export function makeSecret(): string {
  return randomBytes(RANDOM_BYTES).toString('base64url');
}

/** For an id that people read and type. */
export function makeId(): string {
  return randomBytes(6).toString('hex');
}

export function hashSecret(secret: string): string {
  return createHash('sha256').update(secret).digest('base64url');
}

/** Takes as long for any two texts. */
export function isSameSecret(left: string, right: string): boolean {
  return timingSafeEqual(createHash('sha256').update(left).digest(), createHash('sha256').update(right).digest());
}

/** `scrypt$N$r$p$salt$key`: what a later release needs to check it, whatever its own cost is. */
export async function hashPassword(password: string): Promise<string> {
  const salt = randomBytes(SALT_BYTES);
  const key = await derive(password.normalize('NFKC'), salt, KEY_BYTES, { ...COST, maxmem: MOST_MEMORY });
  return ['scrypt', COST.N, COST.r, COST.p, salt.toString('base64url'), key.toString('base64url')].join('$');
}

/** Without a hash (nobody has this name) it takes as long, and is false. */
export async function checkPassword(password: string, hash: string | undefined): Promise<boolean> {
  const [name, N, r, p, salt = '', key = ''] = (hash ?? '').split('$');
  const isKnown = name === 'scrypt' && key !== '';
  const cost = isKnown ? { N: Number(N), r: Number(r), p: Number(p) } : COST;
  const derived = await derive(password.normalize('NFKC'), Buffer.from(salt, 'base64url'), KEY_BYTES, {
    ...cost,
    maxmem: MOST_MEMORY,
  });
  const known = Buffer.from(key, 'base64url');
  return isKnown && known.length === derived.length && timingSafeEqual(known, derived);
}
