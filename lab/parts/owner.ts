// Provides the system user that runs what refuses to run as root (Elasticsearch), and opens the folders that it must be
// able to enter. Used only by root; any other user runs everything as themselves.
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

/** Returns the user, which is made at the first call on a machine. It has no home, no shell and no password. */
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
  const made = await findUser(); // another process may have made it first, which is fine
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

/** Changes the owner of a folder and all in it to the user. Hard links into the cached home stay unchanged. */
export function chownAll(path: string, user: SystemUser): void {
  const stat = lstatSync(path);
  if (stat.isFile() && stat.nlink > 1) return;
  lchownSync(path, user.uid, user.gid);
  if (stat.isDirectory()) for (const name of readdirSync(path)) chownAll(join(path, name), user);
}

/**
 * Lets others pass through (not read) the folders above `dir`, as far as they are in the temporary folder: mkdtemp
 * makes folders that only their owner may enter. The caller is responsible for folders elsewhere.
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
