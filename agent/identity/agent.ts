// Names an agent. The id stays the same after each restart and differs from that of any other agent, even if two
// machines have the same host name or two agents run on one machine.
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import type { AgentSettings } from '../settings.js';

const MACHINE_ID = '/etc/machine-id';
const HASH_LENGTH = 8;

/**
 * Returns the id, for example `node7-1a2b3c4d`: the host for people, and a hash of the machine id and the data folder.
 */
export function nameAgent(
  { host, dataDir }: Pick<AgentSettings, 'host' | 'dataDir'>,
  machine: string = readMachine(),
): string {
  const hash = createHash('sha256')
    .update(`${machine}\n${resolve(dataDir)}`)
    .digest('hex')
    .slice(0, HASH_LENGTH);
  return `${host}-${hash}`;
}

/** Returns the machine id, or an empty string if the system has none. */
function readMachine(): string {
  try {
    return readFileSync(MACHINE_ID, 'utf8').trim();
  } catch {
    // Containers and systems other than Linux have no such file: the data folder alone is used.
    return '';
  }
}
