// Finds the files that match the patterns now, with the values captured from their paths. The periodic scan is the
// truth; watch.ts only makes it earlier. Symbolic links are followed as links.ts allows. What cannot be read is a
// problem of the scan, and the next scan tries it again.
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
  /** Creation time; 0 if the file system does not keep it. */
  readonly birthMs: number;
}

export interface ScanProblem {
  readonly path: string;
  readonly problem: string;
}

export interface Scan {
  /** Files in the order of the patterns, then by path. A file that is reached by two paths is listed once. */
  readonly files: readonly FoundFile[];
  readonly problems: readonly ScanProblem[];
  /** Links that were not followed. */
  readonly refused: readonly RefusedLink[];
}

/**
 * Folder listings and files of earlier scans, so that an unchanged folder costs one stat and an unchanged file needs no
 * new objects.
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
  /**
   * Files found only through a link. A file that also has a name of its own in the watched folders is listed by that
   * name.
   */
  readonly linked: { readonly path: string; readonly stat: BigIntStats; readonly captures: Captures }[];
  readonly refused: RefusedLink[];
  readonly problems: ScanProblem[];
  visited: number;
}

/**
 * Least age of a listing, in milliseconds, relative to the time stamp of its folder. The time stamp is coarse, so a
 * younger listing may miss a change.
 */
const SETTLED_MS = 2500;
const YIELD_EVERY = 500;
const MAX_DEPTH = 64;

export function createScanMemory(): ScanMemory {
  return { found: new Map(), folders: new Map() };
}

/**
 * Finds the files that match the patterns. `excluded` are folders that are never entered (the agent's own data).
 * `onPlace` is called with each place where something can happen (a folder before it is read, a file that a link leads
 * to or that a pattern names itself), and is awaited. Never throws because of the state of the disk.
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

/** Fractions of a core that scans for files may use: while nothing happens in watched places, and otherwise. */
const IDLE_SHARE = 0.005;
const BUSY_SHARE = 0.1;
/**
 * Longest wait for a scan, in milliseconds: so late is a change found that no watch reports, as on a network file
 * system.
 */
const MAX_SCAN_WAIT_MS = 60_000;

/**
 * Returns how long after a scan, in milliseconds, the next one is due. `isResting`: all places are watched, and nothing
 * happened there since.
 */
export function decideScanWait(
  scanIntervalMs: number,
  { cpuMs, isIdle }: { readonly cpuMs: number; readonly isIdle: boolean },
): number {
  const wait = isIdle ? Math.min(MAX_SCAN_WAIT_MS, cpuMs / IDLE_SHARE) : cpuMs / BUSY_SHARE;
  return Math.max(scanIntervalMs, wait);
}

/** Longest wait, in milliseconds, until a change of a recently written file is found that no watch reports. */
const MAX_CYCLE_WAIT_MS = 1000;

/**
 * Returns how long after a check of the open files, in milliseconds, the next one is due. `cpuMs` is the cost of the
 * last check.
 */
export function decideCycleWait(
  readIntervalMs: number,
  { cpuMs, isIdle }: { readonly cpuMs: number; readonly isIdle: boolean },
): number {
  return isIdle ? Math.max(readIntervalMs, Math.min(MAX_CYCLE_WAIT_MS, cpuMs / IDLE_SHARE)) : readIntervalMs;
}

interface Visit {
  readonly path: string;
  /** Segments that the path below must match; undefined = any log-like file at any depth. */
  readonly segments: readonly Segment[] | undefined;
  readonly captures: Captures;
  /** Device and inode of the folders above. A link back to one of them is not followed. */
  readonly parents: readonly string[];
  /** True if a link led here. */
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

/** Returns the values that a file's name gives here, or undefined if the pattern does not end with this name. */
function captureFile({ segments }: Visit, name: string): Captures | undefined {
  if (segments === undefined) return isLogName(name) ? {} : undefined;
  const [first, second, ...rest] = segments;
  if (first === undefined) return undefined;
  if (first.kind !== 'any-folders') return second === undefined ? matchSegment(first, name) : undefined;
  if (second === undefined) return isLogName(name) ? {} : undefined;
  return rest.length === 0 ? matchSegment(second, name) : undefined;
}

/** Returns what must match below a folder of this name. For `**` there are two ways: to stay in it and to leave it. */
function descend({ segments, captures }: Visit, name: string): readonly Pick<Visit, 'segments' | 'captures'>[] {
  if (segments === undefined) return [{ segments, captures }];
  const [first, ...rest] = segments;
  if (first === undefined) return [];
  if (first.kind !== 'any-folders') {
    const values = matchSegment(first, name);
    // A pattern that ends with a folder watches everything below it, like a plain path.
    return values === undefined
      ? []
      : [{ segments: rest.length === 0 ? undefined : rest, captures: { ...captures, ...values } }];
  }
  const [next, ...after] = rest;
  const values = next === undefined || after.length === 0 ? undefined : matchSegment(next, name);
  const kept = { segments, captures };
  return values === undefined ? [kept] : [{ segments: after, captures: { ...captures, ...values } }, kept];
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

/** Joins captured values without a copy for most paths, which capture nothing. */
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

/** Returns the time of the last write, in milliseconds since 1970. */
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
 * Returns the state of a file, or undefined if it is gone or unreadable. A link that leads nowhere and a file that was
 * deleted meanwhile are no problems.
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
