// May a symbolic link be followed? Whoever writes logs can also make a link, and the agent reads with rights of its
// own: a link must not bring it to a file that its maker could not have copied there. So the target lies below a
// watched folder or one that the operator named, and belongs to the owner of the folder in which the link stands.
// Called by discover.ts for each link that a pattern fits.
import { lstatSync, realpathSync, statSync, type BigIntStats } from 'node:fs';
import { dirname, sep } from 'node:path';

export interface LinkRules {
  /** Real paths; a target lies in one of them or below. */
  readonly roots: readonly string[];
}

export interface RefusedLink {
  readonly path: string;
  readonly target: string;
  /** outside: of all folders that count · owner: of somebody else · gone: changed while it was looked at. */
  readonly reason: 'outside' | 'owner' | 'gone';
}

export function createLinkRules(watched: readonly string[], named: readonly string[]): LinkRules {
  return { roots: [...watched, ...named].flatMap((path) => readReal(path) ?? []) };
}

/** Undefined: it may be followed. `target` is what the link led to a moment ago. */
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
    // Gone again: the next scan looks anew.
    return undefined;
  }
}

function readReal(path: string): string | undefined {
  try {
    return realpathSync.native(path);
  } catch {
    // It is not there (yet), or may not be looked at.
    return undefined;
  }
}
