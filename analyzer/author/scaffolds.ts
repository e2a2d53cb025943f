// Puts the exception of a case into the lines that Flink writes around a failure of its kind (scaffolds.yaml of the
// built-in rules, and of the folder of the rule): what stands before it, and the frames of Flink's own code below the
// exception's own frames.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseDocument } from '../../core/document.js';
import { findNearest } from '../../core/text/nearest.js';
import type { CaseFile } from '../catalog/form/file.js';
import { findBuiltInRules } from '../catalog/files.js';

const SCAFFOLDS_NAME = 'scaffolds.yaml';

/** Lines before an exception. `{flink}`, `{build}` and `{task}` stand for version, build and the failed task. */
export interface Start {
  readonly lines: readonly string[];
  /** Name of the frames below the exception's own, if the case names none. */
  readonly frames?: string;
  /** Text that follows a frame that the case writes without its jar. */
  readonly jar?: string;
  readonly flink?: string;
  readonly task?: string;
}

export interface Scaffolds {
  /** Build of a version as Flink prints it at its start, and under `default` that of any other. */
  readonly builds: Readonly<Record<string, string>>;
  /** Jar of a version's own classes, if it is not `flink-dist-<version>.jar:<version>`. */
  readonly jars: Readonly<Record<string, string>>;
  readonly starts: Readonly<Record<string, Start>>;
  readonly frames: Readonly<Record<string, readonly string[]>>;
}

export const NO_SCAFFOLDS: Scaffolds = { builds: {}, jars: {}, starts: {}, frames: {} };
/** Surroundings of an exception if its case names none. */
export const DEFAULT_START = 'task';
/** Name of the frames of a case that has none but its own. */
export const NO_FRAMES = 'none';
export const DEFAULT_FLINK = '1.20.1';
export const DEFAULT_TASK = 'Source: orders -> enrich';

const cache = new Map<string, Scaffolds>();

/** Reads the scaffolds of the built-in rules and those of another folder, which add to them; '': there is none. */
export function readScaffolds(folder: string): Scaffolds {
  return [findBuiltInRules(), ...(folder === '' ? [] : [folder])].reduce<Scaffolds>((known, from) => {
    const own = readOwn(join(from, SCAFFOLDS_NAME));
    return {
      builds: { ...known.builds, ...own.builds },
      jars: { ...known.jars, ...own.jars },
      starts: { ...known.starts, ...own.starts },
      frames: { ...known.frames, ...own.frames },
    };
  }, NO_SCAFFOLDS);
}

function readOwn(file: string): Scaffolds {
  const known = cache.get(file);
  if (known !== undefined) return known;
  const { value, problems } = existsSync(file)
    ? parseDocument(readFileSync(file, 'utf8'), file, SCHEMA)
    : { value: undefined, problems: [] };
  const own = problems.length === 0 && isScaffolds(value) ? { ...NO_SCAFFOLDS, ...value } : NO_SCAFFOLDS;
  cache.set(file, own);
  return own;
}

/** Returns the lines of the exception in its surroundings, or the reason why there are none. */
export function renderThrown(
  lines: readonly string[],
  { in: name = DEFAULT_START, frames, flink, task }: Pick<CaseFile, 'in' | 'frames' | 'flink' | 'task'>,
  scaffolds: Scaffolds,
): readonly string[] | string {
  const start = scaffolds.starts[name];
  if (start === undefined) return explainUnknown('surroundings', name, Object.keys(scaffolds.starts));
  const below = frames ?? start.frames ?? NO_FRAMES;
  const own = below === NO_FRAMES ? [] : scaffolds.frames[below];
  if (own === undefined) return explainUnknown('frames', below, Object.keys(scaffolds.frames));
  const version = flink ?? start.flink ?? DEFAULT_FLINK;
  const jar = jarOf(version, scaffolds);
  const thrown = lines.map((line) => indentLine(line, start.jar ?? ''));
  const cause = thrown.findIndex((line) => line.startsWith('Caused by: '));
  const end = cause < 0 ? thrown.length : cause;
  const filled = [...thrown.slice(0, end), ...own, ...thrown.slice(end)].map((line) => line.replaceAll('{jar}', jar));
  const before = start.lines.map((line) =>
    line
      .replaceAll('{flink}', version)
      .replaceAll('{build}', scaffolds.builds[version] ?? scaffolds.builds['default'] ?? '')
      .replaceAll('{task}', task ?? start.task ?? DEFAULT_TASK),
  );
  return [...before, ...filled];
}

/** Indents a frame as Java does, and adds its jar if it names none. A line that begins with a tab stays as it is. */
function indentLine(line: string, jar: string): string {
  if (line.startsWith('... ')) return `\t${line}`;
  if (!line.startsWith('at ')) return line;
  return line.endsWith(']') ? `\t${line}` : `\t${line}${jar}`;
}

/** Exception of a log, and the surroundings that give the log back. */
export interface Thrown extends Pick<CaseFile, 'in' | 'frames' | 'flink' | 'task'> {
  readonly body: readonly string[];
}

/** Finds the surroundings that give these lines back exactly; undefined if there are none. */
export function findThrown(
  lines: readonly string[],
  flink: string | undefined,
  scaffolds: Scaffolds,
): Thrown | undefined {
  const found = Object.entries(scaffolds.starts).flatMap(([name, start]) => {
    const slots = readSlots(lines, start);
    // An exception in the midst of other lines is a log as it is.
    const first = lines[start.lines.length] ?? ' ';
    const isThrown =
      slots !== undefined && (start.lines.length === 0 ? EXCEPTION.test(first) : !/^(?:\d|\s)/.test(first));
    return !isThrown ? [] : listThrown(lines, { name, start, slots, flink }, scaffolds);
  });
  return found.sort((a, b) => a.body.length - b.body.length || Object.keys(a).length - Object.keys(b).length)[0];
}

/** Beginning of an exception: its class, alone or behind the name of its thread. */
const EXCEPTION =
  /^(?:Exception in thread "[^"]*" )?(?:[\w$]+\.)*[A-Z][\w$]*(?:Exception|Error|Throwable|Failure|Fault)\w*(?::|$)/;

interface Slots {
  readonly flink: string | undefined;
  readonly task: string | undefined;
}

/** Returns what stands in the slots of the first lines; undefined if they are not those of the start. */
function readSlots(lines: readonly string[], start: Start): Slots | undefined {
  let flink: string | undefined;
  let task: string | undefined;
  for (const [index, line] of start.lines.entries()) {
    const pattern = line
      .replaceAll(/[\\^$.*+?()[\]{}|]/g, '\\$&')
      .replace('\\{flink\\}', '(?<flink>[\\d.]+)')
      .replace('\\{build\\}', '.*')
      .replace('\\{task\\}', '(?<task>.*)');
    const found = new RegExp(`^${pattern}$`).exec(lines[index] ?? '');
    if (found === null) return undefined;
    flink ??= found.groups?.['flink'];
    task ??= found.groups?.['task'];
  }
  return { flink, task };
}

interface Candidate {
  readonly name: string;
  readonly start: Start;
  readonly slots: Slots;
  readonly flink: string | undefined;
}

function listThrown(
  lines: readonly string[],
  { name, start, slots, flink }: Candidate,
  scaffolds: Scaffolds,
): readonly Thrown[] {
  const rest = lines.slice(start.lines.length);
  const jarVersion = /flink-dist[^\]\n]{0,100}:([\d.]{1,20})\]/.exec(rest.join('\n'))?.[1];
  const versions = new Set([slots.flink, jarVersion, flink].flatMap((version) => version ?? []));
  return [...versions, undefined].flatMap((version) =>
    [NO_FRAMES, ...Object.keys(scaffolds.frames)].flatMap((frames) => {
      const place = {
        in: name === DEFAULT_START ? undefined : name,
        frames: frames === (start.frames ?? NO_FRAMES) ? undefined : frames,
        flink: version === (start.flink ?? DEFAULT_FLINK) ? undefined : version,
        task: slots.task === (start.task ?? DEFAULT_TASK) ? undefined : slots.task,
      };
      const body = cutBody(
        rest,
        scaffolds.frames[frames] ?? [],
        start,
        jarOf(version ?? start.flink ?? DEFAULT_FLINK, scaffolds),
      );
      if (body === undefined || body.length === 0) return [];
      const rendered = renderThrown(body, { in: name, frames, flink: version, task: slots.task }, scaffolds);
      if (typeof rendered === 'string' || rendered.join('\n') !== lines.join('\n')) return [];
      const kept = Object.fromEntries(Object.entries(place).filter(([, value]) => value !== undefined));
      return [{ body, ...kept }];
    }),
  );
}

/** Returns the lines without the frames, written as a case writes them; undefined if the frames do not stand there. */
function cutBody(
  lines: readonly string[],
  frames: readonly string[],
  start: Start,
  jar: string,
): readonly string[] | undefined {
  const cause = lines.findIndex((line) => line.startsWith('Caused by: '));
  const end = cause < 0 ? lines.length : cause;
  const own = frames.map((line) => line.replaceAll('{jar}', jar));
  if (own.some((line, index) => lines[end - own.length + index] !== line)) return undefined;
  const suffix = start.jar ?? '';
  return [...lines.slice(0, end - own.length), ...lines.slice(end)].map((line) => {
    if (line.startsWith('\t... ')) return line.slice(1);
    if (!line.startsWith('\tat ')) return line;
    if (suffix !== '' && line.endsWith(suffix)) return line.slice(1, -suffix.length);
    return line.endsWith(']') || suffix === '' ? line.slice(1).replace(`[${jar}]`, '[{jar}]') : line;
  });
}

function jarOf(version: string, { jars }: Scaffolds): string {
  return jars[version] ?? `flink-dist-${version}.jar:${version}`;
}

function explainUnknown(word: string, name: string, known: readonly string[]): string {
  const nearest = findNearest(name, known);
  return `names the ${word} \`${name}\`, which no scaffolds.yaml has${nearest === undefined ? `; known: ${known.join(', ')}` : `; did you mean \`${nearest}\`?`}`;
}

/** True if the document has scaffolds. It must be valid by SCHEMA. */
function isScaffolds(value: unknown): value is Partial<Scaffolds> {
  return typeof value === 'object' && value !== null;
}

const TEXTS = { type: 'object', additionalProperties: { type: 'string' } };
const LINES = { type: 'array', items: { type: 'string' } };
const SCHEMA = {
  type: 'object',
  additionalProperties: false,
  properties: {
    builds: TEXTS,
    jars: TEXTS,
    starts: {
      type: 'object',
      additionalProperties: {
        type: 'object',
        additionalProperties: false,
        required: ['lines'],
        properties: {
          lines: LINES,
          frames: { type: 'string' },
          jar: { type: 'string' },
          flink: { type: 'string' },
          task: { type: 'string' },
        },
      },
    },
    frames: { type: 'object', additionalProperties: LINES },
  },
};
