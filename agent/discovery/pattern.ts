// Parses a path as the operator wrote it into a base folder and what to accept below it. `**` stands for any folders,
// `*` and `?` for text within a name, and `{job_id}`, `{host}`, `{cluster}` for text that becomes a captured value.
// Pure functions; discover.ts walks the folders.
import { resolve, sep } from 'node:path';
import { quoteRegex } from '../../core/regex.js';

export interface Captures {
  readonly jobId?: string;
  readonly host?: string;
  readonly cluster?: string;
}

/** One name of a path: fixed text, a pattern for one name, or any number of folders. */
export type Segment =
  | { readonly kind: 'name'; readonly name: string }
  | { readonly kind: 'match'; readonly regex: RegExp }
  | { readonly kind: 'any-folders' };

export interface PathPattern {
  readonly text: string;
  /** Longest leading part without a pattern, where the walk begins. */
  readonly base: string;
  /** Segments after the base. Empty for a plain path (a file, or a folder with everything below it). */
  readonly segments: readonly Segment[];
}

const SPECIAL = /[*?]|\{(?:job_id|host|cluster)\}/;
const GROUPS = { job_id: 'jobId', host: 'host', cluster: 'cluster' } as const;

export function parsePattern(text: string): PathPattern {
  const parts = resolve(text).split(sep);
  const first = parts.findIndex((part) => SPECIAL.test(part));
  if (first < 0) return { text, base: resolve(text), segments: [] };
  return {
    text,
    base: parts.slice(0, first).join(sep) || sep,
    segments: parts.slice(first).map((part) => parseSegment(part)),
  };
}

function parseSegment(part: string): Segment {
  if (part === '**') return { kind: 'any-folders' };
  if (!SPECIAL.test(part)) return { kind: 'name', name: part };
  const seen = new Set<string>();
  const source = part.replace(
    /\*+|\?|\{(job_id|host|cluster)\}|[^*?{]+|\{/g,
    (token, placeholder: keyof typeof GROUPS | undefined) => {
      if (token.startsWith('*')) return '[^/]*';
      if (token === '?') return '[^/]';
      if (placeholder === undefined) return quoteRegex(token);
      const group = GROUPS[placeholder];
      if (seen.has(group)) return `\\k<${group}>`;
      seen.add(group);
      return `(?<${group}>[^/]+?)`;
    },
  );
  return { kind: 'match', regex: new RegExp(`^${source}$`) };
}

/** Returns the captured values of a name, or undefined if it does not match. */
export function matchSegment(segment: Segment, name: string): Captures | undefined {
  if (segment.kind === 'any-folders') return {};
  if (segment.kind === 'name') return segment.name === name ? {} : undefined;
  const found = segment.regex.exec(name);
  return found === null ? undefined : { ...found.groups };
}

const LOG_NAME =
  /\.(?:log|out|err|stdout|stderr|jsonl?|txt)(?:[._-][\w.:-]*)?$|^(?:stdout|stderr|syslog|prelaunch\.\w+)$|^gc[\w.-]*$/i;
const OTHER_NAME = /\.(?:tar|tgz|lck|lock|swp|tmp|part|hprof|jfr|jar|class|pid|db|sqlite|tar\.gz)$|^\.|~$/i;

/** True if a plain folder watches this name: a Flink process, its JVM or its container writes files of such names. */
export function isLogName(name: string): boolean {
  return LOG_NAME.test(name) && !OTHER_NAME.test(name);
}

/**
 * Returns the name that a file shares with its rotations and archives: `a.log.3.gz`, `a.log.2024-05-01` → `a.log`;
 * `a-2024-05-01-2.log.gz` → `a.log`.
 */
export function familyName(name: string): string {
  const plain = name.replace(/\.(?:gz|zip|bz2|xz|zst|lz4|7z)$/i, '');
  const found = /^(.*?)(\.(?:log|out|err|stdout|stderr|jsonl?|txt))(?:[._-].*)?$/i.exec(plain);
  const stem = found?.[1] ?? plain.replace(/[._-]\d+$/, '');
  return `${stem.replace(/[._-]\d{4}-?\d\d-?\d\d.*$/, '')}${found?.[2] ?? ''}`;
}
