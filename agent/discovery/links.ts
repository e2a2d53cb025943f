// Decides whether a symbolic link may be followed. Whoever writes logs can also make a link, and the agent reads with
// its own rights: a link must not lead it to a file that the link's maker could not have copied there. So the target
// must lie below a watched folder or one that the operator named, and belong to the owner of the folder that holds the
// link.
import { lstatSync, realpathSync, statSync, type BigIntStats } from 'node:fs';
import { dirname, sep } from 'node:path';

export interface LinkRules {
  /** Real paths of the allowed folders. A target is one of them or lies below one. */
  readonly roots: readonly string[];
}

export interface RefusedLink {
  readonly path: string;
  readonly target: string;
  /** outside: of all allowed folders · owner: belongs to somebody else · gone: changed during the check. */
  readonly reason: 'outside' | 'owner' | 'gone';
}

export function createLinkRules(watched: readonly string[], named: readonly string[]): LinkRules {
  return { roots: [...watched, ...named].flatMap((path) => readReal(path) ?? []) };
}

/**
 * Returns undefined if the link may be followed, else the refusal. `target` is the state of the file that the link led
 * to a moment ago.
 */
export function decideLink({ roots }: LinkRules, path: string, target: BigIntStats): RefusedLink | undefined {
  const real = readReal(path);
  const owners = readOwners(path);
  if (real === undefined || owners === undefined) return { path, target: '', reason: 'gone' };
  if (!roots.some((root) => isBelow(root, real))) return { path, target: real, reason: 'outside' };
  const isOwn = target.uid === owners.folder && (owners.link === 0n || owners.link === target.uid);
  return isOwn ? undefined : { path, target: real, reason: 'owner' };
}

function isBelow(root: string, path: string): boolean {
  return path === root || path.startsWith(root.endsWith(sep) ? root : `${root}${sep}`);
}

function readOwners(path: string): { readonly link: bigint; readonly folder: bigint } | undefined {
  try {
    return {
      link: lstatSync(path, { bigint: true }).uid,
      folder: statSync(dirname(path), { bigint: true }).uid,
    };
  } catch {
    // The link is gone: the next scan checks it again.
    return undefined;
  }
}

function readReal(path: string): string | undefined {
  try {
    return realpathSync.native(path);
  } catch {
    // The path does not exist (yet), or may not be accessed.
    return undefined;
  }
}
