// What was thrown, in a few words. Anything can be thrown, so every catch that says what happened asks here. What a
// user meets is worded in errors.ts; this is the part of it that the system or a library said.

/** "ENOENT", "EACCES", … or "" for anything that is not an error of the system. */
export function errorCode(error: unknown): string {
  return typeof error === 'object' && error !== null && 'code' in error && typeof error.code === 'string'
    ? error.code
    : '';
}

/** What was said. */
export function errorText(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** The same for a file or folder whose path is named already: in plain words where the system gave a code. */
export function describeFault(error: unknown): string {
  return PLAIN[errorCode(error)] ?? errorText(error);
}

/** For a defect of ours: with the places in the program. */
export function errorTrace(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
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
