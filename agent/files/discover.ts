// Patterns → the files that stand there now, with the values captured from their paths. The periodic scan is the
// truth; watch.ts only makes it earlier. Symbolic links are followed as links.ts allows; what cannot be read is a
// problem of the scan and tried again by the next one. agent.ts calls it.
import { readdirSync, statSync, type BigIntStats, type Dirent } from 'node:fs';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { createLinkRules, decideLink, type LinkRules, type RefusedLink } from './links.js';
import { isLogName, matchSegment, parsePattern, type Captures, type PathPattern, type Segment } from './pattern.js';
import { errorCode, describeFault } from '../../core/fault.js';

export interface FoundFile {
  readonly path: string;
  readonly captures: Captures;
  readonly inode: string;
  readonly device: string;
  readonly size: number;
  readonly mtimeMs: number;
  /** 0 where the file system does not keep it. */
  readonly birthMs: number;
}

export interface ScanProblem {
  readonly path: string;
  readonly problem: string;
}

export interface Scan {
  /** In the order of the patterns, then by path; a file reached by two paths stands once. */
  readonly files: readonly FoundFile[];
  readonly problems: readonly ScanProblem[];
  /** Links that were not followed. */
  readonly refused: readonly RefusedLink[];
}

/**
 * Remembers folder listings between scans, so that an unchanged folder costs one stat, and what was found: of a file
 * that has not changed nothing is made anew.
 */
export interface ScanMemory {
  found: ReadonlyMap<string, FoundFile>;
  readonly folders: Map<
    string,
    { readonly mtimeMs: number; readonly readAt: number; readonly entries: readonly Dirent[] }
  >;
}

interface Walk {
  readonly memory: ScanMemory;
  readonly onPlace: (path: string) => Promise<void> | undefined;
  readonly excluded: readonly string[];
  readonly found: Map<string, FoundFile>;
  readonly links: LinkRules;
  /** Found by way of a link only; a file that has a name of its own in the watched folders goes by that. */
  readonly linked: { readonly path: string; readonly stat: BigIntStats; readonly captures: Captures }[];
  readonly refused: RefusedLink[];
  readonly problems: ScanProblem[];
  visited: number;
}

/** A folder's time stamp is coarse: a listing younger than this relative to it may miss a change. */
const SETTLED_MS = 2500;
const YIELD_EVERY = 500;
const MAX_DEPTH = 64;

export function createScanMemory(): ScanMemory {
  return { found: new Map(), folders: new Map() };
}

/**
 * `excluded`: folders that are never entered (the agent's own data). `onPlace` is told of each place at which
 * something can happen, and waited for: a folder before it is read, a file that a link leads to or that was named
 * itself. Never throws for what the disk says.
 */
export async function discoverFiles(
  patterns: readonly string[],
  excluded: readonly string[] = [],
  memory: ScanMemory = createScanMemory(),
  onPlace: (path: string) => Promise<void> | undefined = () => undefined,
  linksInto: readonly string[] = [],
): Promise<Scan> {
  const links = createLinkRules(
    patterns.map((text) => parsePattern(text).base),
    linksInto,
  );
  const walk: Walk = {
    ...{ memory, onPlace, excluded, links, visited: 0 },
    ...{ found: new Map(), linked: [], refused: [], problems: [] },
  };
  for (const text of patterns) {
    const pattern = parsePattern(text);
    const stat = readStat(walk, pattern.base);
    if (stat === undefined) continue;
    if (stat.isDirectory())
      await walkFolder(walk, {
        path: pattern.base,
        segments: segmentsOf(pattern),
        captures: {},
        parents: [folderId(stat)],
        isLinked: false,
      });
    else if (pattern.segments.length === 0) {
      await onPlace(pattern.base);
      addFile(walk, pattern.base, stat, {});
    }
  }
  for (const { path, stat, captures } of walk.linked) addFile(walk, path, stat, captures);
  memory.found = walk.found;
  return { files: [...walk.found.values()], problems: walk.problems, refused: walk.refused };
}

/** Shares of a core, one for each way to look: while nothing happens in places that are watched, and else. */
const RESTING_SHARE = 0.005;
const BUSY_SHARE = 0.1;
/** What no watch tells, as on a file system of a network, is found within this time. */
const MOST_REST_MS = 60_000;

/** How long after a scan the next one is due. `isResting`: all places are watched, and nothing happened there since. */
export function decideScanWait(
  scanIntervalMs: number,
  { cpuMs, isResting }: { readonly cpuMs: number; readonly isResting: boolean },
): number {
  const wait = isResting ? Math.min(MOST_REST_MS, cpuMs / RESTING_SHARE) : cpuMs / BUSY_SHARE;
  return Math.max(scanIntervalMs, wait);
}

/** What no watch tells of a file that was written lately is found within this time. */
const MOST_TURN_REST_MS = 1000;

/** How long after a look at the open files the next one is due; `cpuMs` is what the last one took. */
export function decideTurnWait(
  readIntervalMs: number,
  { cpuMs, isResting }: { readonly cpuMs: number; readonly isResting: boolean },
): number {
  return isResting ? Math.max(readIntervalMs, Math.min(MOST_TURN_REST_MS, cpuMs / RESTING_SHARE)) : readIntervalMs;
}

interface Visit {
  readonly path: string;
  /** What the path below must fit; undefined = any log-like file at any depth. */
  readonly segments: readonly Segment[] | undefined;
  readonly captures: Captures;
  /** Device and inode of the folders above: a link back to one of them is not followed. */
  readonly parents: readonly string[];
  /** A link led here. */
  readonly isLinked: boolean;
}

function segmentsOf(pattern: PathPattern): readonly Segment[] | undefined {
  return pattern.segments.length === 0 ? undefined : pattern.segments;
}

async function walkFolder(walk: Walk, visit: Visit): Promise<void> {
  if (walk.excluded.includes(visit.path) || visit.parents.length > MAX_DEPTH) return;
  await walk.onPlace(visit.path);
  for (const entry of readFolder(walk, visit.path)) {
    walk.visited += 1;
    if (walk.visited % YIELD_EVERY === 0) await new Promise<void>((resume) => void setImmediate(resume));
    await visitEntry(walk, visit, entry);
  }
}

async function visitEntry(walk: Walk, visit: Visit, entry: Dirent): Promise<void> {
  const path = join(visit.path, entry.name);
  const [segment] = visit.segments ?? [];
  if (entry.isFile() && !isWantedFile(visit, entry.name)) return;
  if (
    entry.isDirectory() &&
    visit.segments !== undefined &&
    segment?.kind !== 'any-folders' &&
    (segment === undefined || matchSegment(segment, entry.name) === undefined)
  )
    return;
  const isLink = entry.isSymbolicLink();
  const stat = readStat(walk, path, isLink);
  if (stat === undefined) return;
  const isLinked = visit.isLinked || isLink;
  if (stat.isFile()) {
    const own = captureFile(visit, entry.name);
    if (own === undefined || (isLink && !mayFollow(walk, path, stat))) return;
    if (isLink) await walk.onPlace(path);
    const captures = joinCaptures(visit.captures, own);
    if (isLinked) walk.linked.push({ path, stat, captures });
    else addFile(walk, path, stat, captures);
    return;
  }
  if (!stat.isDirectory() || visit.parents.includes(folderId(stat))) return;
  const below = descend(visit, entry.name);
  if (below.length === 0 || (isLink && !mayFollow(walk, path, stat))) return;
  const parents = [...visit.parents, folderId(stat)];
  for (const next of below) await walkFolder(walk, { path, parents, isLinked, ...next });
}

function mayFollow(walk: Walk, path: string, target: BigIntStats): boolean {
  const refused = decideLink(walk.links, path, target);
  if (refused !== undefined && refused.reason !== 'gone') walk.refused.push(refused);
  return refused === undefined;
}

function isWantedFile(visit: Visit, name: string): boolean {
  return captureFile(visit, name) !== undefined;
}

/** The values that a file's name gives here, or undefined when the pattern does not end with it. */
function captureFile({ segments }: Visit, name: string): Captures | undefined {
  if (segments === undefined) return isLogName(name) ? {} : undefined;
  const [first, second, ...rest] = segments;
  if (first === undefined) return undefined;
  if (first.kind !== 'any-folders') return second === undefined ? matchSegment(first, name) : undefined;
  if (second === undefined) return isLogName(name) ? {} : undefined;
  return rest.length === 0 ? matchSegment(second, name) : undefined;
}

/** What must fit below a folder of this name: for `**` both staying in it and leaving it behind. */
function descend({ segments, captures }: Visit, name: string): readonly Pick<Visit, 'segments' | 'captures'>[] {
  if (segments === undefined) return [{ segments, captures }];
  const [first, ...rest] = segments;
  if (first === undefined) return [];
  if (first.kind !== 'any-folders') {
    const values = matchSegment(first, name);
    // A pattern that ends with a folder watches it like a plain one: everything below.
    return values === undefined
      ? []
      : [{ segments: rest.length === 0 ? undefined : rest, captures: { ...captures, ...values } }];
  }
  const [next, ...after] = rest;
  const values = next === undefined || after.length === 0 ? undefined : matchSegment(next, name);
  const stay = { segments, captures };
  return values === undefined ? [stay] : [{ segments: after, captures: { ...captures, ...values } }, stay];
}

function addFile(walk: Walk, path: string, stat: BigIntStats, captures: Captures): void {
  const id = folderId(stat);
  if (walk.found.has(id)) return;
  const before = walk.memory.found.get(id);
  const isSame = before !== undefined && isUnchanged(before, path, stat, captures);
  walk.found.set(id, isSame ? before : { path, captures, ...describeStat(stat) });
}

function isUnchanged(before: FoundFile, path: string, stat: BigIntStats, captures: Captures): boolean {
  return (
    before.path === path &&
    before.mtimeMs === readWritten(stat) &&
    before.size === Number(stat.size) &&
    before.birthMs === readBirth(stat) &&
    isDeepStrictEqual(before.captures, captures)
  );
}

/** Most paths name nothing. */
function joinCaptures(above: Captures, own: Captures): Captures {
  for (const _ in own) return { ...above, ...own };
  return above;
}

export function describeStat(stat: BigIntStats): Pick<FoundFile, 'inode' | 'device' | 'size' | 'mtimeMs' | 'birthMs'> {
  return {
    inode: String(stat.ino),
    device: String(stat.dev),
    size: Number(stat.size),
    mtimeMs: readWritten(stat),
    birthMs: readBirth(stat),
  };
}

/** When it was last written. */
export function readWritten({ mtimeNs }: BigIntStats): number {
  return Number(mtimeNs) / 1e6;
}

function readBirth({ birthtimeNs }: BigIntStats): number {
  return Number(birthtimeNs) / 1e6;
}

function readFolder(walk: Walk, path: string): readonly Dirent[] {
  try {
    const mtimeMs = statSync(path).mtimeMs;
    const known = walk.memory.folders.get(path);
    if (known !== undefined && known.mtimeMs === mtimeMs && known.readAt - mtimeMs > SETTLED_MS) return known.entries;
    const readAt = Date.now();
    const entries = readdirSync(path, { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : 1));
    walk.memory.folders.set(path, { mtimeMs, readAt, entries });
    return entries;
  } catch (error) {
    walk.memory.folders.delete(path);
    if (errorCode(error) !== 'ENOENT') walk.problems.push({ path, problem: describeFault(error) });
    return [];
  }
}

/**
 * Undefined when it is gone or unreadable; a link that leads nowhere, or a file deleted meanwhile, is not a problem.
 */
function readStat(walk: Walk, path: string, isLink = false): BigIntStats | undefined {
  try {
    return statSync(path, { bigint: true });
  } catch (error) {
    if (errorCode(error) !== 'ENOENT' || (!isLink && walk.visited === 0))
      walk.problems.push({ path, problem: describeFault(error) });
    return undefined;
  }
}

function folderId(stat: BigIntStats): string {
  return `${stat.dev}:${stat.ino}`;
}
