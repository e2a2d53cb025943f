// The id of an agent: the same after each restart, and another one than that of any other agent, also where two
// machines have the same host name or two agents run on one machine.
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import type { AgentSettings } from '../settings.js';

const MACHINE_ID = '/etc/machine-id';
const HASH_LENGTH = 8;

/** `node7-1a2b3c4d`: the host for people, the rest from the machine and the data folder. */
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

/** Empty where the system has none. */
function readMachine(): string {
  try {
    return readFileSync(MACHINE_ID, 'utf8').trim();
  } catch {
    // Containers and other systems than Linux have no such file: the data folder must do.
    return '';
  }
}
