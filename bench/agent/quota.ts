// Limits one shipper to a part of the machine: processor time that the kernel gives to a group of processes (Linux
// cgroups, version 2 or 1; both need root). This shows how an agent scales on a machine whose cores it would otherwise
// share with the sink.
import { existsSync, mkdirSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { errorText } from '../../core/fault.js';

export interface Quota {
  /** Command prefix that runs a command within the quota. */
  readonly prefix: readonly string[];
  /** Removes the group, after its processes have ended. */
  close(): Promise<void>;
}

const ROOT = '/sys/fs/cgroup';
const NAME = `jobtrace-bench-${process.pid}`;
/** Period of the quota in microseconds, much shorter than what is measured. */
const PERIOD_US = 20_000;
/** Number of attempts to remove the group, because a killed process stays in it a moment longer. */
const CLOSE_TRIES = 50;
const CLOSE_WAIT_MS = 20;

/** Creates the quota. Throws an error that says what is missing. */
export function openQuota(cores: number): Quota {
  const isSecond = existsSync(join(ROOT, 'cgroup.controllers'));
  const group = join(ROOT, isSecond ? '' : 'cpu', NAME);
  const quota = Math.round(cores * PERIOD_US);
  try {
    if (isSecond) writeFileSync(join(ROOT, 'cgroup.subtree_control'), '+cpu');
    mkdirSync(group, { recursive: true });
    if (isSecond) writeFileSync(join(group, 'cpu.max'), `${quota} ${PERIOD_US}`);
    else {
      writeFileSync(join(group, 'cpu.cfs_period_us'), String(PERIOD_US));
      writeFileSync(join(group, 'cpu.cfs_quota_us'), String(quota));
    }
  } catch (error) {
    throw new Error(`--cores needs root and the cpu controller of cgroups: ${errorText(error)}`, { cause: error });
  }
  const enter = `echo $$ > '${join(group, 'cgroup.procs')}' && exec "$@"`;
  return { prefix: ['sh', '-c', enter, 'sh'], close: () => removeGroup(group) };
}

async function removeGroup(group: string): Promise<void> {
  for (let tries = 1; ; tries += 1) {
    try {
      return rmdirSync(group);
    } catch (error) {
      if (tries === CLOSE_TRIES) throw error;
      await sleep(CLOSE_WAIT_MS);
    }
  }
}
