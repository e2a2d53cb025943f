// Decides by a frame's package whose code it is: the user's, Flink's, a connector's, the platform's, or neutral. The
// packages stand in rules/engine/packages.yaml, the classes that only wrap in rules/engine/wrappers.yaml. The analyzer
// uses them for the names of loggers as well. Pure functions.
import { remember } from '../../core/cache.js';
import type { Owner } from '../../core/documents/incident.js';
import { isPythonLibrary } from './trace-line.js';

/**
 * Owner of a package. `neutral` code says nothing about whose fault it is; `library` code neither, but what it throws
 * is its own answer, such as that of a server.
 */
export type PackageOwner = Owner | 'neutral' | 'library';

/** Owner of a frame. `generated` frames are a query's code without a name of its own. */
type FrameOwner = PackageOwner | 'generated';

/** Knowledge of code: to whom a frame belongs, and which exceptions only carry another one. */
export interface CodeOwners {
  ownerOf(frame: string): Owner;
  isNeutral(frame: string): boolean;
  /** Returns true for a frame of a known library that any code calls. It is neutral as well. */
  isLibrary(frame: string): boolean;
  /** Returns true for a frame that its author can find in a source file. */
  isUser(frame: string): boolean;
  /**
   * Returns true for a logger of user code: a whole class name (not a shortened one) outside every known package, or
   * the one through which Flink logs what user code prints. What it logs about failures concerns the program, not
   * Flink.
   */
  isUserLogger(logger: string): boolean;
  /** Returns true for a class that only wraps: what it carries in `cause` is the failure. */
  isWrapper(type: string): boolean;
}

/**
 * Creates the lookups. `owners`: packages, and a few classes; the longest one that a frame's name begins with decides.
 * Owners are cached, because the same failure comes again and again, and each frame is looked up more than once. A
 * process has some hundred loggers and some thousand frames.
 */
export function createCodeOwners(owners: ReadonlyMap<string, PackageOwner>, wrappers: ReadonlySet<string>): CodeOwners {
  const findCachedOwner = remember(20_000, (frame) => findOwner(owners, frame));
  return {
    ownerOf(frame) {
      const owner = findCachedOwner(frame);
      if (owner === 'generated') return 'user-code';
      return owner === 'neutral' || owner === 'library' ? 'framework' : owner;
    },
    isNeutral: (frame) => ['neutral', 'library'].includes(findCachedOwner(frame)),
    isLibrary: (frame) => findCachedOwner(frame) === 'library',
    isUser: (frame) => findCachedOwner(frame) === 'user-code',
    isUserLogger: remember(
      10_000,
      (logger) =>
        logger.endsWith('.SystemOutRedirectionUtils') ||
        (/^[a-z]\w+\.\w+\.[\w.$]+$/.test(logger) && findCachedOwner(logger) === 'user-code'),
    ),
    isWrapper: (type) => wrappers.has(type),
  };
}

function findOwner(owners: ReadonlyMap<string, FrameOwner>, frame: string): FrameOwner {
  if (isPythonLibrary(frame.split('(', 1)[0] ?? '')) return 'neutral';
  const name = withoutModule(frame);
  if (GENERATED.test(name)) return 'generated';
  let owner: FrameOwner = /^(?:Generated|\$Proxy)/.test(name) ? 'neutral' : 'user-code';
  for (let end = 1; end < name.length && name[end] !== '('; end += 1) {
    if (name[end] === '.' || name[end] === '$') owner = owners.get(name.slice(0, end)) ?? owner;
  }
  return owner;
}

/** Classes that Janino creates from a query: `StreamExecCalc$12.processElement(Unknown Source)`, without a package. */
const GENERATED = /^[A-Z]\w*\$\d+(?:\$\w+)?\./;

/**
 * Removes the module: `java.base/java.util.X.y(…)`, `app//a.B.c(…)`. The slash in a lambda's class name is no module.
 */
export function withoutModule(frame: string): string {
  const slash = frame.indexOf('/');
  if (slash === -1 || slash > frame.indexOf('(') || frame.slice(0, slash).includes('$')) return frame;
  return frame.slice(frame[slash + 1] === '/' ? slash + 2 : slash + 1);
}

/** Organisations in whose names many libraries publish, so that a third part tells them apart. */
const SHARED = new Set([
  'org.apache',
  'com.google',
  'com.alibaba',
  'com.aliyun',
  'com.github',
  'io.github',
  'com.microsoft',
]);

/**
 * Returns the package by which the code of one owner is known: its first two parts (`com.acme`), or three. Returns the
 * class if the frame has no package.
 */
export function findPackage(frame: string): string {
  const [path = ''] = withoutModule(frame).split('(', 1);
  const parts = path.split('.').slice(0, -1);
  const classAt = parts.findIndex((part) => /^[A-Z]/.test(part));
  const names = classAt === -1 ? parts.slice(0, -1) : parts.slice(0, classAt);
  const [first, second] = names;
  if (first === undefined) return (parts[classAt] ?? path).split('$', 1)[0] ?? '';
  return names.slice(0, SHARED.has(`${first}.${second}`) ? 3 : 2).join('.');
}
