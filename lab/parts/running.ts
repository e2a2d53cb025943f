// Records which processes were started for parts, so that none is left over. Every start has a folder under
// <cache>/running with its pids, and a small watchdog shell that kills them if the process that started them dies
// without stopping them. `npm run parts -- stop --all` and `status` read the same folders.
import { spawn, spawnSync } from 'node:child_process';
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { basename, join } from 'node:path';
import { cacheDir } from './cache.js';
import { readStartTime, stopProcess } from './process.js';

export interface RunningPart {
  folder: string;
  part: string;
  dir: string;
  address: string;
  /** Pid of the process that started it; 0 if it was started to outlive its starter. */
  owner: number;
  pids: number[];
}

/** Record of a started part, which is notified of new processes and, at the end, that all are gone. */
export interface RunRecord {
  /** Variables that must be in the environment of every process of the part. */
  env: Readonly<Record<string, string>>;
  add(pid: number): void;
  /** Returns all pids that were added, dead ones included. */
  pids(): number[];
  /**
   * Adds a shell command for the end of the run, however that happens: unmount, delete a network. The last added runs
   * first.
   */
  addUndo(command: string): void;
  /** Runs the undo commands and deletes the record, after all processes were stopped. */
  forget(): void;
}

// $1 is the owner's pid, $2 the record's folder. Processes are found by a variable in their environment and not by the
// recorded pids, so that those which a start script was about to leave behind are found too. The three rounds are for
// those processes.
const MARK = 'JOBTRACE_PART_RUN';
const WATCHDOG = `
started() { sed 's/.*) //' "/proc/$1/stat" 2>/dev/null | grep -v '^[ZX]' | cut -d' ' -f20; }
owner=$(started "$1")
while [ -e "$2" ] && [ "$(started "$1")" = "$owner" ]; do sleep 2; done
[ -e "$2" ] || exit 0
for round in 1 2 3; do
  for process in $(grep -lszxF "${MARK}=$2" /proc/[0-9]*/environ); do kill -9 "$(echo "$process" | cut -d/ -f3)"; done
  sleep 1
done
[ -e "$2/undo" ] && tac "$2/undo" | sh
rm -rf "$2"`;

/**
 * Opens the record of one start. With `outlive` there is no watchdog, and the part stays until it is stopped by name.
 */
export function openRecord(part: string, dir: string, address: string, outlive = false): RunRecord {
  mkdirSync(runningDir(), { recursive: true });
  const folder = mkdtempSync(join(runningDir(), `${part}-`));
  const pids = join(folder, 'pids');
  const owner = outlive ? 0 : process.pid;
  writeFileSync(join(folder, 'part.json'), JSON.stringify({ part, dir, address, owner }));
  writeFileSync(pids, '');
  if (!outlive) {
    spawn('sh', ['-c', WATCHDOG, 'jobtrace-parts', String(process.pid), folder], {
      detached: true,
      stdio: 'ignore',
    }).unref();
  }
  const added: number[] = [];
  return {
    env: { [MARK]: folder },
    pids: () => [...added],
    add(pid) {
      added.push(pid);
      appendFileSync(pids, `${pid} ${readStartTime(pid) ?? 'gone'}\n`);
    },
    addUndo: (command) => appendFileSync(join(folder, 'undo'), `${command}\n`),
    forget: () => forget(folder),
  };
}

/** Returns every recorded start that has a living process; removes the records without one. */
export function listRunning(): RunningPart[] {
  if (!existsSync(runningDir())) return [];
  const found: RunningPart[] = [];
  for (const name of readdirSync(runningDir())) {
    const running = readRecord(join(runningDir(), name));
    if (running === undefined) continue;
    if (running.pids.length > 0) found.push(running);
    else if (!isOwned(running)) forget(running.folder);
  }
  return found;
}

/** Returns true if a living process owns it, so that nobody else may stop it. */
export function isOwned(running: RunningPart): boolean {
  return running.owner !== 0 && readStartTime(running.owner) !== undefined;
}

/** Ends all processes of one start, the youngest first, and deletes its record. */
export async function stopRunning(running: RunningPart): Promise<void> {
  for (const pid of [...running.pids].reverse()) await stopProcess(pid);
  forget(running.folder);
}

function forget(folder: string): void {
  // Undoing twice, or undoing what was never done, is no error: the output of these commands is ignored.
  if (existsSync(join(folder, 'undo'))) spawnSync('sh', ['-c', 'tac undo | sh'], { cwd: folder, stdio: 'ignore' });
  rmSync(folder, { recursive: true, force: true });
}

function readRecord(folder: string): RunningPart | undefined {
  const about = join(folder, 'part.json');
  if (!existsSync(about) || !existsSync(join(folder, 'pids'))) return undefined;
  const value: unknown = JSON.parse(readFileSync(about, 'utf8'));
  const pids = readFileSync(join(folder, 'pids'), 'utf8')
    .split('\n')
    .flatMap((line) => {
      const [pid, start] = line.split(' ');
      return pid !== undefined && pid !== '' && readStartTime(Number(pid)) === start ? [Number(pid)] : [];
    });
  const fields =
    typeof value === 'object' && value !== null
      ? new Map<string, unknown>(Object.entries(value))
      : new Map<string, unknown>();
  return {
    folder,
    pids,
    part: String(fields.get('part') ?? basename(folder)),
    dir: String(fields.get('dir') ?? ''),
    address: String(fields.get('address') ?? ''),
    owner: Number(fields.get('owner') ?? 0),
  };
}

function runningDir(): string {
  return join(cacheDir(), 'running');
}
