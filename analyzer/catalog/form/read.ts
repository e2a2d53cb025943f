// Makes of a rule's file (file.ts, valid by rules/rule.schema.json) the rule that compile.ts compiles: fills in what is
// usual, derives anchors, patterns and captures of texts, takes up named sets, and adds the Chinese texts. Problems of
// the rule are reported where its parts stand in the file. Pure functions.
import type { DocumentPath, ParsedDocument, Problem } from '../../../core/document.js';
import type { Owner } from '../../../core/documents/incident.js';
import { findNearest } from '../../../core/text/nearest.js';
import type { Text } from '../../../core/types.js';
import type {
  AlternativeFile,
  CaptureType,
  DisabledFile,
  ExceptionFile,
  ExtensionFile,
  FixFile,
  RuleFile,
  StepFile,
  StepOrder,
  WhereFile,
} from '../rule.js';
import {
  isFormFile,
  isWholeForm,
  type ChangeFile,
  type ChineseFile,
  type ExceptFile,
  type FindFile,
  type FormFile,
  type FormFixFile,
  type OneOrBoth,
  type FormWhere,
  type Listed,
  type StepLineFile,
  type StepsFile,
} from './file.js';
import { createPlaces, type RulePlaces } from './places.js';
import { MIN_ANCHOR, readText } from './text.js';

/** Listed lists of exceptions for `not`. */
export type Sets = ReadonlyMap<string, readonly ExceptFile[]>;

/** Values that a rule takes from other files. */
export interface Beside {
  /** Owner of the rule's cause, which owns the rule if its file names none. */
  readonly owner: Owner;
  readonly sets: Sets;
  /** Chinese texts of the rule; undefined: its language is the only one. */
  readonly chinese:
    | {
        readonly texts: ChineseFile;
        readonly document: ParsedDocument;
        readonly file: string;
        readonly path: DocumentPath;
      }
    | undefined;
}

interface Work {
  readonly places: RulePlaces;
  readonly document: ParsedDocument;
  readonly problems: Problem[];
  readonly beside: Beside;
  /** Captures of the texts, in the order of the file. */
  readonly captures: Map<string, CaptureType>;
}

/**
 * Returns a document whose value is the rule, in the form that rules/schema.json describes; undefined if the file does
 * not fit its schema.
 */
export function readForm(document: ParsedDocument, beside: Beside): ParsedDocument {
  const { value } = document;
  if (document.problems.length > 0 || !isFormFile(value)) return { ...document, value: undefined };
  const problems: Problem[] = [];
  const places = createPlaces(document);
  const work: Work = { places, document, problems, beside, captures: new Map() };
  const rule = isWholeForm(value) ? makeRule(work, value) : makeChange(work, value);
  return places.documentOf(rule, problems);
}

function report(work: Work, path: DocumentPath, message: string): void {
  work.problems.push(work.document.problemAt(path, message));
}

function makeChange(work: Work, { status, not }: ChangeFile): ExtensionFile | DisabledFile {
  if (status === 'disabled') return { status };
  return { status: 'extended', unless: listExceptions(work, not ?? []) };
}

function makeRule(work: Work, file: FormFile): RuleFile {
  for (const [name, type] of Object.entries(file.captures ?? {})) work.captures.set(name, type);
  const forms = listNamed(file.find, 'form');
  const match = forms.map((form, index) => makeAlternative(work, file, form, index));
  const steps = makeSteps(work, file);
  checkReasons(work, file, forms);
  return {
    status: file.status ?? 'test',
    severity: file.severity ?? 'error',
    owner: file.owner ?? work.beside.owner,
    role: file.role ?? 'cause',
    scope: file.scope,
    standsAlone: file.standsAlone,
    general: file.general,
    confidence: file.confidence,
    explains: file.explains,
    title: makeText(work, file.title, ['title'], ['title'], (texts) => [texts.title, ['title']]),
    summary: makeText(work, file.why, ['summary'], ['why'], (texts) => [texts.why, ['why']]),
    match,
    captures: work.captures.size === 0 ? undefined : Object.fromEntries(work.captures),
    unless: file.not === undefined ? undefined : listExceptions(work, file.not),
    steps: steps.length === 0 ? undefined : steps,
    peer: file.peer,
    let: file.let,
    reasons: makeReasons(work, file, forms),
    fixes: listNamed(file.fix, 'fix').map((fix, index) => makeFix(work, fix, index)),
    references: file.see === undefined ? [] : [file.see].flat(),
    notes: file.note,
  };
}

/** Item of a map by id, or of a list, with its place. */
interface Item<Value> {
  readonly id: string;
  readonly value: Value;
  readonly path: DocumentPath;
}

/** Lists a map's values by their ids, or a list's values, which are counted if they name no id. */
function listNamed<Value extends { readonly id?: string }>(
  values: string | Listed<string | Value>,
  word: 'form' | 'fix',
): readonly Item<string | Value>[] {
  const key = word === 'form' ? 'find' : 'fix';
  if (typeof values === 'string') return [{ id: `${word}-1`, value: values, path: [key] }];
  if (isList(values))
    return values.map((value, index) => ({
      id: (typeof value === 'string' ? undefined : value.id) ?? `${word}-${index + 1}`,
      value,
      path: [key, index],
    }));
  return Object.entries(values).map(([id, value]) => ({ id, value, path: [key, id] }));
}

function isList<Value>(values: Listed<Value>): values is readonly Value[] {
  return Array.isArray(values);
}

function makeAlternative(work: Work, file: FormFile, form: Item<string | FindFile>, index: number): AlternativeFile {
  const source: FindFile = typeof form.value === 'string' ? { is: form.value } : form.value;
  const part = ['match', index] as const;
  work.places.add(part, form.path);
  const line = readLine(work, source, part, typeof form.value === 'string' ? form.path : [...form.path, 'is']);
  const anchor = source.anchor ?? line.anchor;
  if (anchor === undefined && line.isRead)
    report(
      work,
      form.path,
      `has no literal of at least ${MIN_ANCHOR} characters, which every such entry holds; write it as \`anchor\``,
    );
  placeWhere(work, part, form.path);
  return {
    id: form.id,
    flink: source.flink ?? file.flink,
    anchor: anchor ?? '',
    words: source.words,
    where: makeWhere({ ...source, exception: source.exception ?? line.exception }, source.in ?? file.in ?? 'failure'),
    regex: line.regex,
    same: source.same,
    source:
      typeof source.source === 'string' ? { class: source.source, literal: anchor ?? source.source } : source.source,
  };
}

interface ReadLine {
  readonly exception: string | undefined;
  readonly anchor: string | undefined;
  readonly regex: string | undefined;
  /** False if the text has problems of its own. */
  readonly isRead: boolean;
}

/** Reads the text or the pattern of a form or a step, and notes the captures. */
function readLine(work: Work, source: FindFile | StepLineFile, part: DocumentPath, textPath: DocumentPath): ReadLine {
  const where = textPath.slice(0, -1);
  if (source.is === undefined) {
    if (source.regex === undefined && source.anchor === undefined)
      report(work, where, 'needs `is` (a text) or `regex`');
    for (const name of listGroups(source.regex)) noteCapture(work, name, 'text', where);
    return { exception: undefined, anchor: undefined, regex: source.regex, isRead: source.anchor === undefined };
  }
  const text = readText(source.is, source.exception === undefined && source.root === undefined);
  for (const problem of text.problems) report(work, textPath, problem);
  for (const [name, type] of text.captures) noteCapture(work, name, type, textPath);
  if (source.regex !== undefined) {
    for (const name of listGroups(source.regex)) noteCapture(work, name, 'text', where);
    if (text.regex !== undefined) report(work, textPath, 'has captures beside `regex`; write one of the two');
    return { ...text, regex: source.regex, isRead: text.problems.length === 0 };
  }
  work.places.add([...part, 'regex'], textPath);
  return { ...text, isRead: text.problems.length === 0 };
}

/** Notes a capture. A type that the file gives under `captures` holds; two texts must agree. */
function noteCapture(work: Work, name: string, type: CaptureType, path: DocumentPath): void {
  const known = work.captures.get(name);
  if (known === undefined) {
    work.captures.set(name, type);
    work.places.add(['captures', name], path);
  } else if (known !== type && type !== 'text')
    report(work, path, `captures \`${name}\` as ${type}, but another text or \`captures\` says ${known}`);
}

export function listGroups(regex: string | undefined): readonly string[] {
  return [...(regex ?? '').matchAll(/\(\?P?<([A-Za-z_]\w*)>/g)].flatMap((found) => found[1] ?? []);
}

/** Says where the conditions of a part stand: beside its text, and not under `where`. */
function placeWhere(work: Work, part: DocumentPath, path: DocumentPath): void {
  work.places.add([...part, 'where'], path);
  work.places.add([...part, 'where', 'frame'], [...path, 'at']);
}

function makeWhere(source: FormWhere, kind: FormWhere['in']): WhereFile | undefined {
  const where: WhereFile = {
    exception: source.exception,
    root: source.root,
    frame: source.at,
    under: source.under,
    userFrame: source.userFrame,
    failure: kind === 'failure' ? true : kind === 'remark' ? false : undefined,
    thrownBy: source.thrownBy,
    message: source.message,
    logger: source.logger,
    level: source.level,
    component: source.component,
    file: source.file,
  };
  return Object.values(where).every((value) => value === undefined) ? undefined : where;
}

function listExceptions(work: Work, not: readonly (string | ExceptFile)[]): readonly ExceptionFile[] {
  const found: ExceptionFile[] = [];
  for (const [index, item] of not.entries()) {
    const path = ['not', index];
    const set = typeof item === 'string' && SET_NAME.test(item) ? work.beside.sets.get(item) : undefined;
    if (typeof item === 'string' && SET_NAME.test(item) && set === undefined) {
      const nearest = findNearest(item, work.beside.sets.keys());
      const hint = nearest === undefined ? '' : `, did you mean \`${nearest}\`?`;
      report(
        work,
        path,
        `names the set \`${item}\`, which no sets.yaml has${hint}; write a text of one word as { is: ${item} }`,
      );
    }
    for (const one of set ?? [item]) {
      const part = ['unless', found.length];
      work.places.add(part, path);
      found.push(makeException(work, typeof one === 'string' ? { is: one } : one, path));
    }
  }
  return found;
}

/** Form of a set's name. */
export const SET_NAME = /^[a-z][a-z0-9-]*$/;

function makeException(work: Work, source: ExceptFile, path: DocumentPath): ExceptionFile {
  const isOfText = source.exception === undefined && source.root === undefined;
  const text = source.is === undefined ? undefined : readText(source.is, isOfText && hasSlots(source.is));
  for (const problem of text?.problems ?? []) report(work, path, problem);
  return {
    text: text?.literal,
    regex: source.regex ?? text?.regex,
    where: makeWhere({ ...source, exception: source.exception ?? text?.exception }, source.in),
    why: source.why,
  };
}

function hasSlots(text: string): boolean {
  return /(?<!\{)\{(?!\{)/.test(text);
}

function makeSteps(work: Work, file: FormFile): readonly StepFile[] {
  const steps: StepFile[] = [];
  for (const [key, value] of Object.entries(file)) {
    if (key !== 'before' && key !== 'after' && key !== 'around') continue;
    const groups: readonly StepsFile[] = [value].flat();
    for (const [index, group] of groups.entries())
      addSteps(work, steps, { order: key, group, path: Array.isArray(value) ? [key, index] : [key] });
  }
  return steps;
}

function addSteps(
  work: Work,
  steps: StepFile[],
  { order, group, path }: { readonly order: StepOrder; readonly group: StepsFile; readonly path: DocumentPath },
): void {
  for (const key of ['seen', 'unseen'] as const) {
    const value = group[key];
    if (value === undefined) continue;
    const line: StepLineFile = typeof value === 'string' ? { is: value } : value;
    const part = ['steps', steps.length] as const;
    const place = [...path, key];
    work.places.add(part, place);
    const read = readLine(work, line, part, typeof value === 'string' ? place : [...place, 'is']);
    const anchor = line.anchor ?? read.anchor;
    if (anchor === undefined && read.isRead)
      report(work, place, `has no literal of at least ${MIN_ANCHOR} characters; write one as \`anchor\``);
    placeWhere(work, part, place);
    work.places.add([...part, 'within'], [...path, 'within']);
    steps.push({
      id: line.id ?? `${order}-${steps.length + 1}`,
      anchor: anchor ?? '',
      where: makeWhere({ ...line, exception: line.exception ?? read.exception }, line.in),
      regex: read.regex,
      on: group.on ?? 'process',
      order: order === 'around' ? undefined : order,
      within: group.within,
      apart: group.apart,
      count: group.count,
      absent: key === 'unseen' ? true : undefined,
    });
  }
  if (group.seen === undefined && group.unseen === undefined) report(work, path, 'needs `seen` or `unseen`');
}

/** Checks that each form's reason exists. */
function checkReasons(work: Work, { reasons = {} }: FormFile, forms: readonly Item<string | FindFile>[]): void {
  for (const { value, path } of forms) {
    if (typeof value === 'string' || value.so === undefined || value.so in reasons) continue;
    const nearest = findNearest(value.so, Object.keys(reasons));
    const hint = nearest === undefined ? '' : `; did you mean \`${nearest}\`?`;
    report(work, [...path, 'so'], `names the reason \`${value.so}\`, which \`reasons\` does not have${hint}`);
  }
}

function makeReasons(
  work: Work,
  { reasons }: FormFile,
  forms: readonly Item<string | FindFile>[],
): RuleFile['reasons'] {
  if (reasons === undefined) return undefined;
  return Object.entries(reasons).map(([id, value], index) => {
    const isPair = Array.isArray(value);
    const source = typeof value === 'string' ? { say: value } : readPair(value);
    const part = ['reasons', index] as const;
    const path = ['reasons', id] as const;
    work.places.add(part, path);
    const say = typeof value === 'string' ? path : [...path, isPair ? 1 : 'say'];
    const own = forms.flatMap((form) => (typeof form.value !== 'string' && form.value.so === id ? [form.id] : []));
    return {
      id,
      when: source.when,
      forms: own.length === 0 ? undefined : own,
      weight: source.weight ?? DEFAULT_WEIGHT,
      text: makeText(work, source.say, [...part, 'text'], say, (texts) => [texts.reasons?.[id], ['reasons', id]]),
    };
  });
}

const DEFAULT_WEIGHT = 0.5;

function readPair(value: Exclude<NonNullable<FormFile['reasons']>[string], string>): {
  readonly say: OneOrBoth;
  readonly weight?: number;
  readonly when?: string | boolean;
} {
  return 'say' in value ? value : { weight: value[0], say: value[1] };
}

function makeFix(work: Work, { id, value, path }: Item<string | FormFixFile>, index: number): FixFile {
  const source: FormFixFile = typeof value === 'string' ? { do: value } : value;
  const part = ['fixes', index] as const;
  work.places.add(part, path);
  work.places.add([...part, 'patch'], [...path, 'set']);
  work.places.add([...part, 'patchFrom'], [...path, 'from']);
  const say = (text: OneOrBoth, key: 'do' | 'cost' | 'verify'): Text =>
    makeText(
      work,
      text,
      [...part, key === 'do' ? 'text' : key],
      typeof value === 'string' ? path : [...path, key],
      ({ fix }) => {
        const own = fix?.[id];
        return typeof own === 'string' ? [key === 'do' ? own : undefined, ['fix', id]] : [own?.[key], ['fix', id, key]];
      },
    );
  return {
    id,
    for: source.for === undefined ? undefined : [source.for].flat(),
    flink: source.flink,
    when: source.when,
    patch: source.set,
    patchFrom: source.from,
    risk: source.risk ?? 'low',
    cost: source.cost === undefined ? undefined : say(source.cost, 'cost'),
    text: say(source.do, 'do'),
    verify: source.verify === undefined ? undefined : say(source.verify, 'verify'),
  };
}

/** Returns the text in both languages. A text without a Chinese one stands for both. */
function makeText(
  { places, beside: { chinese } }: Work,
  text: OneOrBoth,
  part: DocumentPath,
  path: DocumentPath,
  find: (texts: ChineseFile) => readonly [text: string | undefined, path: DocumentPath],
): Text {
  places.add(part, path);
  if (typeof text !== 'string') return text;
  for (const language of ['en', 'zh']) places.add([...part, language], path);
  if (chinese === undefined) return { en: text, zh: text };
  const [own, place] = find(chinese.texts);
  const other = { document: chinese.document, file: chinese.file };
  if (own !== undefined) places.add([...part, 'zh'], [...chinese.path, ...place], other);
  return { en: text, zh: own ?? text };
}
