// Small readings of what the system threw, shared by the files of this stage.

import { isObject } from '../core/json.js';
/** "ENOENT", "EACCES", … or "" for anything that is not an error of the system. */
export function errorCode(error: unknown): string {
  return isObject(error) && typeof error['code'] === 'string' ? error['code'] : '';
}

/** What happened in a few words, without the path, which the caller's message names already. */
export function errorText(error: unknown): string {
  const words = PLAIN[errorCode(error)];
  if (words !== undefined) return words;
  return error instanceof Error ? error.message : String(error);
}

const PLAIN: Readonly<Record<string, string>> = {
  ENOENT: 'it does not exist',
  EACCES: 'permission denied',
  EPERM: 'permission denied',
  ENOTDIR: 'a part of the path is not a folder',
  EISDIR: 'it is a folder',
  EMFILE: 'this process has too many open files',
  ENFILE: 'this machine has too many open files',
  ELOOP: 'its symbolic links go in a circle',
  EIO: 'the disk reports an input/output error',
  ESTALE: 'the network file system lost it',
  EROFS: 'the file system is read-only',
  ENOSPC: 'no space is left',
};
