// Mounts a small disk: a tmpfs of a few megabytes in a folder of a run, so that "no space left on device" is real.
// Needs root. It is unmounted, and its content lost, when the run ends, however that happens.
import { mkdirSync } from 'node:fs';
import { runCommand } from './process.js';
import type { RunRecord } from './running.js';
import { PartError } from './tools.js';

export async function mountSmallDisk(record: RunRecord, path: string, megabytes: number): Promise<void> {
  mkdirSync(path, { recursive: true });
  record.addUndo(`umount --lazy '${path}'`);
  const ended = await runCommand('mount', ['-t', 'tmpfs', '-o', `size=${megabytes}m,mode=1777`, 'jobtrace', path]);
  if (ended.code !== 0)
    throw new PartError(
      `A disk of ${megabytes} MB cannot be mounted at ${path}.`,
      ended.stderr.trim(),
      'run it as root, on a machine (or in a container) that may mount',
    );
}
