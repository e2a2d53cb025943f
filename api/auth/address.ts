// Returns the address of a caller as rate limits count it: an IPv4 address unchanged, an IPv6 address as the network of
// one subscriber. Pure functions.
import { isIP } from 'node:net';

/**
 * Number of 16-bit groups in the network of one subscriber. A subscriber has at least 64 bits of addresses, so a limit
 * for each single address would limit nobody.
 */
const GROUPS_OF_NETWORK = 4;
const GROUPS = 8;

export function groupAddress(address: string): string {
  const bare = address.split('%', 1).join('').toLowerCase();
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/.exec(bare)?.[1];
  if (mapped !== undefined) return mapped;
  if (isIP(bare) !== 6) return bare;
  const [head = '', tail] = bare.split('::');
  const before = head === '' ? [] : head.split(':');
  const after = tail === undefined || tail === '' ? [] : tail.split(':');
  const zeros = Array.from({ length: Math.max(0, GROUPS - before.length - after.length) }, () => '0');
  const groups = [...before, ...(tail === undefined ? [] : zeros), ...after];
  return `${groups.slice(0, GROUPS_OF_NETWORK).join(':')}::/64`;
}
