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
  const host = address.split('%', 1).join('').toLowerCase();
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/.exec(host)?.[1];
  if (mapped !== undefined) return mapped;
  if (isIP(host) !== 6) return host;
  const [left = '', right] = host.split('::');
  const before = left === '' ? [] : left.split(':');
  const after = right === undefined || right === '' ? [] : right.split(':');
  const zeros = Array.from({ length: Math.max(0, GROUPS - before.length - after.length) }, () => '0');
  const groups = [...before, ...(right === undefined ? [] : zeros), ...after];
  return `${groups.slice(0, GROUPS_OF_NETWORK).join(':')}::/64`;
}
