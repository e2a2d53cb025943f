// Converts a rule of the old form (rule.yaml, proof.yaml and logs in a folder) into the form of one file a rule, with
// its Chinese texts apart. The rule that is compiled of either is the same. Logs become cases: `throws` where the
// scaffolds give the log back exactly, otherwise `log`, or a recording. Pure functions.
import type { DocumentPath, ParsedDocument } from '../../core/document.js';
import type { Owner } from '../../core/documents/incident.js';
import type { Text } from '../../core/types.js';
import type {
  CaseFile,
  ExceptFile,
  FindFile,
  FormFixFile,
  FormWhere,
  OneOrBoth,
  ReasonFile,
  StepLineFile,
  StepsFile,
} from '../catalog/form/file.js';
import { listGroups, SET_NAME, type Sets } from '../catalog/form/read.js';
import { readText } from '../catalog/form/text.js';
import type {
  AlternativeFile,
  CaptureType,
  DisabledFile,
  ExceptionFile,
  ExtensionFile,
  FixFile,
  RuleFile,
  StepFile,
  WhereFile,
} from '../catalog/rule.js';
import type { Expectation } from './cases.js';
import { DEFAULT_START, findThrown, type Scaffolds } from './scaffolds.js';
import { escapeText, writeText } from './text-of-regex.js';
import { writeForm } from './write-form.js';

/** Log of a rule in the old form. */
export interface OldLog {
  readonly name: string;
  readonly bytes: Buffer;
  readonly expectation: Expectation | undefined;
}

export interface OldRule {
  /** Rule id, CAUSE/VARIANT. */
  readonly id: string;
  readonly document: ParsedDocument;
  readonly rule: RuleFile | ExtensionFile | DisabledFile;
  /** Text of rule.yaml, for its comments. */
  readonly text: string;
  /** Logs in the order of their numbers. */
  readonly logs: readonly OldLog[];
}

export interface ConvertContext {
  /** Owner of the rule's cause, which is left out. */
  readonly owner: Owner | undefined;
  readonly sets: Sets;
  readonly scaffolds: Scaffolds;
  /** True if everything must stand in the rule's file: both languages, and logs that would be recordings. */
  readonly isAlone?: boolean;
}

export interface ConvertedRule {
  /** Text of the rule's file. */
  readonly text: string;
  /** Chinese texts that differ from the English ones, as zh.yaml has them; undefined if there is none. */
  readonly chinese: Readonly<Record<string, unknown>> | undefined;
  /** Logs that become files of recordings/, by their names without `.log`. */
  readonly recordings: ReadonlyMap<string, Buffer>;
}

interface Convert {
  readonly context: ConvertContext;
  /** Chinese texts of title, summary and reasons. */
  readonly chinese: Record<string, unknown>;
  /** Chinese texts of the fixes. */
  readonly fixes: Record<string, unknown>;
  readonly recordings: Map<string, Buffer>;
}

export function convertRule(old: OldRule, context: ConvertContext): ConvertedRule {
  const convert: Convert = { context, chinese: {}, fixes: {}, recordings: new Map() };
  const { rule } = old;
  const form = 'match' in rule ? convertWhole(convert, old, rule) : convertChange(convert, rule);
  const comments = 'match' in rule ? placeComments(old, rule) : new Map<string, readonly string[]>();
  const schemaComment = '# yaml-language-server: $schema=../../rule.schema.json\n';
  return {
    text: schemaComment + writeForm(form, { comments }),
    chinese: joinChinese(convert),
    recordings: convert.recordings,
  };
}

function joinChinese({ chinese, fixes }: Convert): ConvertedRule['chinese'] {
  const all = Object.keys(fixes).length === 0 ? chinese : { ...chinese, fix: fixes };
  return Object.keys(all).length === 0 ? undefined : all;
}

function convertChange(convert: Convert, rule: ExtensionFile | DisabledFile): Readonly<Record<string, unknown>> {
  return rule.status === 'disabled'
    ? { status: rule.status }
    : { status: rule.status, not: convertExceptions(convert, rule.unless) };
}

function convertWhole(convert: Convert, { id, logs }: OldRule, rule: RuleFile): Readonly<Record<string, unknown>> {
  const isUsual = rule.match.filter(({ where }) => where?.failure === true).length * 2 >= rule.match.length;
  const kind = isUsual ? undefined : 'any';
  const types = rule.captures ?? {};
  const find = Object.fromEntries(rule.match.map((item) => [item.id, convertForm(item, types, kind)]));
  const steps = convertSteps(rule.steps ?? [], types);
  const lines = [
    ...Object.values(find),
    ...Object.values(steps)
      .flat()
      .flatMap(({ seen, unseen }) => [seen, unseen]),
  ];
  const { chinese } = convert;
  const title = takeText(convert, rule.title, (zh) => (chinese['title'] = zh));
  const why = takeText(convert, rule.summary, (zh) => (chinese['why'] = zh));
  const reasons = convertReasons(convert, rule);
  return {
    title,
    why,
    owner: rule.owner === convert.context.owner ? undefined : rule.owner,
    status: rule.status === 'test' ? undefined : rule.status,
    severity: rule.severity === 'error' ? undefined : rule.severity,
    role: rule.role === 'cause' ? undefined : rule.role,
    scope: rule.scope,
    standsAlone: rule.standsAlone,
    general: rule.general,
    confidence: rule.confidence,
    explains: rule.explains,
    in: kind,
    find,
    captures: needsCaptures(types, lines) ? types : undefined,
    not: rule.unless === undefined ? undefined : convertExceptions(convert, rule.unless),
    ...steps,
    peer: rule.peer,
    let: rule.let,
    reasons,
    fix: Object.fromEntries(rule.fixes.map((fix) => [fix.id, convertFix(convert, fix)])),
    see: rule.references.length === 0 ? undefined : rule.references.length === 1 ? rule.references[0] : rule.references,
    note: rule.notes,
    cases: logs.length === 0 ? undefined : convertLogs(convert, id, logs),
  };
}

/** Returns the English text, and hands on the Chinese one if it differs; both if the file is alone. */
function takeText({ context }: Convert, text: Text, takeChinese: (zh: string) => void): OneOrBoth {
  if (text.zh === text.en) return text.en;
  if (context.isAlone === true) return text;
  takeChinese(text.zh);
  return text.en;
}

function convertForm(
  item: AlternativeFile,
  types: Readonly<Record<string, CaptureType>>,
  kind: FormWhere['in'],
): string | FindFile {
  const where = convertWhere(item.where, kind ?? 'failure');
  const line = convertLine(item, where, types);
  const sources = item.source === undefined ? [] : [item.source].flat();
  const [source] = sources;
  const isPlain = sources.length === 1 && source?.literal === item.anchor && source.flink === undefined;
  const form: FindFile = dropUndefined({
    ...line,
    words: item.words,
    flink: item.flink,
    same: item.same,
    source: sources.length === 0 ? undefined : isPlain ? source?.class : sources.length === 1 ? source : sources,
  });
  return Object.keys(form).length === 1 && form.is !== undefined ? form.is : form;
}

/**
 * Writes the anchor and the pattern of a form or a step as a text where it says the same, with the class of its
 * exception before it if there is only one.
 */
function convertLine(
  { anchor, regex }: { readonly anchor: string; readonly regex?: string },
  where: FormWhere,
  types: Readonly<Record<string, CaptureType>>,
): FindFile {
  const text = regex === undefined ? escapeText(anchor) : writeText(regex, types);
  const { exception, ...rest } = where;
  if (text !== undefined) {
    const together = typeof exception === 'string' && where.root === undefined ? `${exception}: ${text}` : undefined;
    if (together !== undefined && isTextOf(together, { exception, anchor, regex })) return { is: together, ...rest };
    const isSplit = exception === undefined && where.root === undefined;
    const own = readText(text, isSplit);
    if (own.exception === undefined && own.regex === regex)
      return { is: text, anchor: own.anchor === anchor ? undefined : anchor, ...where };
  }
  return { regex, anchor, ...where };
}

function isTextOf(
  text: string,
  wanted: { readonly exception: unknown; readonly anchor: string; readonly regex: string | undefined },
): boolean {
  const read = readText(text, true);
  return read.exception === wanted.exception && read.anchor === wanted.anchor && read.regex === wanted.regex;
}

function convertWhere(where: WhereFile | undefined, usual: FormWhere['in']): FormWhere {
  const { frame, failure, ...rest } = where ?? {};
  const kind = failure === true ? 'failure' : failure === false ? 'remark' : 'any';
  return { ...rest, at: frame, in: kind === (usual ?? 'any') ? undefined : kind };
}

/** True if the types of the captures, or their order, are others than the forms and steps give. */
function needsCaptures(
  captures: Readonly<Record<string, CaptureType>>,
  lines: readonly (string | FindFile | StepLineFile | undefined)[],
): boolean {
  const known = new Map<string, CaptureType>();
  for (const line of lines) {
    const { is, regex, exception, root }: FindFile = typeof line === 'string' ? { is: line } : (line ?? {});
    const found =
      is === undefined
        ? listGroups(regex).map((name) => [name, 'text'] as const)
        : readText(is, exception === undefined && root === undefined).captures;
    for (const [name, type] of found) if (!known.has(name)) known.set(name, type);
  }
  return JSON.stringify([...known]) !== JSON.stringify(Object.entries(captures));
}

function convertExceptions(
  { context }: Convert,
  exceptions: readonly ExceptionFile[],
): readonly (string | ExceptFile)[] {
  const own = exceptions.map(convertException);
  const found: (string | ExceptFile)[] = [];
  for (let at = 0; at < own.length;) {
    const set = [...context.sets].find(([, items]) => isSame(items, own.slice(at, at + items.length)));
    if (set === undefined) found.push(shorten(own[at] ?? {}));
    else found.push(set[0]);
    at += set === undefined ? 1 : set[1].length;
  }
  return found;
}

/** Writes an exception as an item of a set: a map. */
export function convertException({ text, regex, where, why }: ExceptionFile): ExceptFile {
  const rest = convertWhere(where, 'any');
  if (text !== undefined) return dropUndefined<ExceptFile>({ is: escapeText(text), regex, ...rest, why });
  const written = regex === undefined ? undefined : writeText(regex, {});
  const isText = written !== undefined && isTextOfException(written, regex, rest);
  return dropUndefined<ExceptFile>(isText ? { is: written, ...rest, why } : { regex, ...rest, why });
}

function isTextOfException(text: string, regex: string | undefined, { exception, root }: FormWhere): boolean {
  const read = readText(text, exception === undefined && root === undefined);
  return read.exception === undefined && read.regex === regex;
}

function shorten(item: ExceptFile): string | ExceptFile {
  const isAlone = Object.keys(item).length === 1 && item.is !== undefined;
  return isAlone && item.is !== undefined && !SET_NAME.test(item.is) ? item.is : item;
}

function convertSteps(
  steps: readonly StepFile[],
  types: Readonly<Record<string, CaptureType>>,
): Readonly<Record<string, StepsFile | readonly StepsFile[]>> {
  const groups = new Map<string, StepsFile[]>();
  for (const step of steps) {
    const { on, within, apart, count } = step;
    const line = convertStep(step, types);
    const group = dropUndefined<StepsFile>({ within, on: on === 'process' ? undefined : on, apart, count });
    const key = step.order ?? 'around';
    const own = groups.get(key) ?? [];
    const last = own.at(-1);
    const joins = step.absent === true && last?.seen !== undefined && last.unseen === undefined;
    const { seen, ...rest } = last ?? { within };
    if (joins && isSame(rest, group)) own.splice(-1, 1, { ...last, unseen: line });
    else own.push(step.absent === true ? { ...group, unseen: line } : { ...group, seen: line });
    groups.set(key, own);
  }
  return Object.fromEntries(
    [...groups].map(([key, own]) => [key, own.length === 1 && own[0] !== undefined ? own[0] : own]),
  );
}

function convertStep(step: StepFile, types: Readonly<Record<string, CaptureType>>): StepLineFile {
  return dropUndefined<StepLineFile>({ id: step.id, ...convertLine(step, convertWhere(step.where, 'any'), types) });
}

function convertReasons(convert: Convert, { reasons }: RuleFile): Readonly<Record<string, unknown>> | undefined {
  if (reasons === undefined) return undefined;
  const others: Record<string, string> = {};
  const converted = reasons.map(({ id, weight, when, text }) => {
    const say = takeText(convert, text, (zh) => (others[id] = zh));
    const whole: ReasonFile = { weight, when, say };
    return [id, when === undefined && typeof say === 'string' ? [weight, say] : whole] as const;
  });
  if (Object.keys(others).length > 0) convert.chinese['reasons'] = others;
  return Object.fromEntries(converted);
}

function convertFix(convert: Convert, fix: FixFile): string | FormFixFile {
  const other: Record<string, string> = {};
  const take = (text: Text | undefined, key: string): OneOrBoth | undefined =>
    text === undefined ? undefined : takeText(convert, text, (zh) => (other[key] = zh));
  const whole = dropUndefined<FormFixFile>({
    for: fix.for?.length === 1 ? fix.for[0] : fix.for,
    flink: fix.flink,
    when: fix.when,
    risk: fix.risk === 'low' ? undefined : fix.risk,
    set: fix.patch,
    from: fix.patchFrom,
    do: takeText(convert, fix.text, (zh) => (other['do'] = zh)),
    cost: take(fix.cost, 'cost'),
    verify: take(fix.verify, 'verify'),
  });
  if (Object.keys(other).length > 0) {
    convert.fixes[fix.id] = Object.keys(other).length === 1 && other['do'] !== undefined ? other['do'] : other;
  }
  return Object.keys(whole).length === 1 && typeof whole.do === 'string' ? whole.do : whole;
}

/** Longest log that stands in the rule's file, in lines. */
const MAX_LINES = 60;

function convertLogs({ context, recordings }: Convert, id: string, logs: readonly OldLog[]): readonly CaseFile[] {
  return logs.map(({ name, bytes, expectation }) => {
    const isMatch = name.startsWith('match');
    const about = dropUndefined<CaseFile>({
      flink: expectation?.flink,
      from: expectation?.from,
      scenario: expectation?.scenario,
      gives: expectation?.values,
      so: expectation?.reasons?.length === 1 ? expectation.reasons[0] : expectation?.reasons,
      fix: expectation?.patches,
      note: expectation?.note,
    });
    const { from, ...rest } = about;
    const text = bytes.toString('utf8');
    const lines = text.replace(/\n$/, '').split('\n');
    const isText =
      text === `${lines.join('\n')}\n` && Buffer.from(text, 'utf8').equals(bytes) && !/\r|(?![\n\t])\p{Cc}/u.test(text);
    if (isMatch && context.isAlone !== true && (!isText || from === 'lab' || lines.length > MAX_LINES)) {
      const number = /-(\d+)\.log$/.exec(name)?.[1] ?? '1';
      const recording = `${id.replace('/', '.')}-${number}`;
      recordings.set(recording, bytes);
      return { recording, ...rest, ...(from === 'lab' ? {} : { from }) };
    }
    const origin = from === 'constructed' ? {} : { from };
    const thrown = isMatch || lines.length > 1 ? findThrown(lines, expectation?.flink, context.scaffolds) : undefined;
    if (thrown !== undefined) {
      const { body, ...place } = thrown;
      const { flink: _, ...proof } = rest;
      return isMatch
        ? { throws: unlist(body), ...place, ...proof, ...origin }
        : { near: unlist(body), ...place, in: place.in ?? DEFAULT_START, ...proof, ...origin };
    }
    const [only = ''] = lines;
    if (!isMatch && lines.length === 1) return { 'near-line': only, ...rest, ...origin };
    return isMatch ? { log: unlist(lines), ...rest, ...origin } : { near: unlist(lines), ...rest, ...origin };
  });
}

function unlist(lines: readonly string[]): string | readonly string[] {
  return lines.length === 1 ? (lines[0] ?? '') : lines;
}

/** Places the comments of rule.yaml before what follows them in the new form. */
function placeComments({ text, document }: OldRule, rule: RuleFile): ReadonlyMap<string, readonly string[]> {
  const places = new Map<number, DocumentPath>();
  for (const [from, to] of listPlaces(rule)) {
    const { line } = document.locate(from);
    if (!places.has(line)) places.set(line, to);
  }
  const found = new Map<string, string[]>();
  let open: string[] = [];
  for (const [index, line] of text.split('\n').entries()) {
    const comment = /^\s*#\s?(.*)$/.exec(line)?.[1];
    if (comment !== undefined && !comment.startsWith('yaml-language-server')) open.push(comment);
    else if (line.trim() !== '' && open.length > 0) {
      const key = JSON.stringify(places.get(index + 1) ?? []);
      if (key !== '[]') found.set(key, [...(found.get(key) ?? []), ...open]);
      open = [];
    }
  }
  return found;
}

function listPlaces(rule: RuleFile): readonly (readonly [DocumentPath, DocumentPath])[] {
  return [
    ...rule.match.map(
      ({ id }, index) =>
        [
          ['match', index, 'id'],
          ['find', id],
        ] as const,
    ),
    ...(rule.unless ?? []).map(
      (item, index) =>
        [
          ['unless', index, Object.keys(item)[0] ?? ''],
          ['not', index],
        ] as const,
    ),
    ...(rule.steps ?? []).map(({ order }, index) => [['steps', index, 'id'], [order ?? 'around']] as const),
    ...Object.keys(rule.let ?? {}).map(
      (name) =>
        [
          ['let', name],
          ['let', name],
        ] as const,
    ),
    ...(rule.reasons ?? []).map(
      ({ id }, index) =>
        [
          ['reasons', index, 'id'],
          ['reasons', id],
        ] as const,
    ),
    ...rule.fixes.map(
      ({ id }, index) =>
        [
          ['fixes', index, 'id'],
          ['fix', id],
        ] as const,
    ),
  ];
}

function isSame(a: unknown, b: unknown): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}

/** Leaves out the keys without a value. */
function dropUndefined<Value extends object>(value: Value): Value {
  const kept: Partial<Value> = {};
  for (const key in value) if (value[key] !== undefined) kept[key] = value[key];
  // The keys that are missing now had no value before.
  return kept as Value;
}
