// The system user that runs what refuses to run as root (Elasticsearch), and the folders it must be able to enter.
// Used only when we are root ourselves; anybody else runs everything as who they are.
import { chmodSync, lchownSync, lstatSync, readdirSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { runCommand } from './process.js';
import { PartError } from './tools.js';

export interface SystemUser {
  uid: number;
  gid: number;
}

const USER = 'jobtrace-parts';

/** The user, made at the first call on a machine; it has no home, no shell and no password. */
export async function requireUser(): Promise<SystemUser> {
  const found = await findUser();
  if (found !== undefined) return found;
  const ended = await runCommand('useradd', [
    '--system',
    '--no-create-home',
    '--shell',
    '/usr/sbin/nologin',
    '--user-group',
    USER,
  ]);
  const made = await findUser(); // another process may have been first, which is as good
  if (made === undefined) {
    throw new PartError(
      `The system user ${USER} cannot be made.`,
      ended.stderr.trim() || `useradd ended with code ${ended.code}`,
      `make it by hand (useradd --system ${USER}), or run this as a user who is not root`,
    );
  }
  return made;
}

async function findUser(): Promise<SystemUser | undefined> {
  const [uid, gid] = await Promise.all([runCommand('id', ['-u', USER]), runCommand('id', ['-g', USER])]);
  return uid.code === 0 && gid.code === 0 ? { uid: Number(uid.stdout), gid: Number(gid.stdout) } : undefined;
}

/** Gives a folder and all in it to the user; hard links of the cached home are left as they are. */
export function chownAll(path: string, user: SystemUser): void {
  const stat = lstatSync(path);
  if (stat.isFile() && stat.nlink > 1) return;
  lchownSync(path, user.uid, user.gid);
  if (stat.isDirectory()) for (const name of readdirSync(path)) chownAll(join(path, name), user);
}

/**
 * Lets others pass through the folders above `dir` (not read them), as far as they lie in the temporary folder:
 * mkdtemp makes folders that only their owner may enter. Folders elsewhere are the caller's business.
 */
export function openPath(dir: string): void {
  for (let above = dirname(dir); isInside(above, tmpdir()); above = dirname(above)) {
    chmodSync(above, statSync(above).mode | 0o001);
  }
}

function isInside(path: string, folder: string): boolean {
  const way = relative(folder, path);
  return way !== '' && !way.startsWith('..') && !way.startsWith('/');
}
