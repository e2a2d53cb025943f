// Describes a caught error in a few words. Anything can be thrown, so every catch that reports an error uses these
// functions. The texts that users see are in errors.ts; this file supplies the part that came from the system or a
// library.

/** Returns the code of a system error ("ENOENT", "EACCES", …), or "" for any other error. */
export function errorCode(error: unknown): string {
  return typeof error === 'object' && error !== null && 'code' in error && typeof error.code === 'string'
    ? error.code
    : '';
}

/** Returns the message of the error. */
export function errorText(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/**
 * Describes an error of a file or folder whose path the message already names. It uses plain words if the system gave a
 * code.
 */
export function describeFault(error: unknown): string {
  return PLAIN[errorCode(error)] ?? errorText(error);
}

/** Returns the stack trace, for a defect in Jobtrace. */
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
