// Reads what stands beside the rules of a folder: sets.yaml (named exceptions) and <area>/zh.yaml (the Chinese texts of
// the area's rules). rules.ts asks it for the form of each rule's file.
import { existsSync } from 'node:fs';
import { basename, dirname, join, relative } from 'node:path';
import { formatProblems, type ParsedDocument } from '../../../core/document.js';
import type { Owner } from '../../../core/documents/incident.js';
import { isObject } from '../../../core/json.js';
import { CHINESE_NAME, SETS_NAME } from '../files.js';
import { PREPARED, type PreparedForm } from '../prepared.js';
import type { ChineseFile, ExceptFile } from './file.js';
import { readForm, type Beside, type Sets } from './read.js';

/** Forms of rules in the folders of a catalog. */
export interface FormTexts {
  /** Sets of all folders. */
  readonly sets: Sets;
  /** Returns the form of a rule's file, which takes up what stands beside it. */
  formOf(folder: string, file: string, owner: Owner | undefined): PreparedForm;
  /** True if the sets of the folder or the Chinese texts of the rule's area have mistakes. */
  isBroken(folder: string, file: string): boolean;
}

/**
 * Opens the sets of the folders; a rule knows those of its own folder and of the folders before it. Chinese texts are
 * read when a rule asks for them.
 */
export function openFormTexts(folders: ReadonlySet<string>, problems: string[]): FormTexts {
  const chinese = new Map<string, ParsedDocument | undefined>();
  const broken = new Set<string>();
  const untouched = new Map<string, boolean>();
  const openChinese = (file: string): ParsedDocument | undefined => {
    if (!chinese.has(file)) {
      const document = existsSync(file) ? readChecked(file, CHINESE_SCHEMA, problems) : undefined;
      if ((document?.problems.length ?? 0) > 0) broken.add(file);
      chinese.set(file, document);
    }
    return chinese.get(file);
  };
  const isUntouched = (file: string): boolean => {
    const known = untouched.get(file) ?? PREPARED.isUntouched(file);
    untouched.set(file, known);
    return known;
  };
  const known = new Map<string, Sets>();
  let sets: Sets = new Map();
  for (const folder of folders) {
    const before = problems.length;
    sets = readSets(join(folder, SETS_NAME), sets, problems);
    if (problems.length > before) broken.add(join(folder, SETS_NAME));
    known.set(folder, sets);
  }
  return {
    sets,
    isBroken: (folder, file) =>
      broken.has(join(folder, SETS_NAME)) || broken.has(join(dirname(dirname(file)), CHINESE_NAME)),
    formOf: (folder, file, owner) => {
      const chineseFile = join(dirname(dirname(file)), CHINESE_NAME);
      return {
        // The build prepared the first folder, so the sets of later ones do not matter to its rules.
        isTrusted: () => isUntouched(chineseFile) && isUntouched(join(folder, SETS_NAME)),
        make: (document) =>
          readForm(document, {
            owner: owner ?? 'configuration',
            sets: known.get(folder) ?? sets,
            chinese: findChinese(openChinese(chineseFile), chineseFile, file),
          }),
      };
    },
  };
}

/** Opens the Chinese texts of the rule in this file; undefined if its area has none. */
export function openChineseOf(file: string): Beside['chinese'] {
  const chinese = join(dirname(dirname(file)), CHINESE_NAME);
  return existsSync(chinese) ? findChinese(readChecked(chinese, CHINESE_SCHEMA, []), chinese, file) : undefined;
}

/** Returns the Chinese texts of the rule in this file; undefined if its area has none. */
function findChinese(document: ParsedDocument | undefined, file: string, rule: string): Beside['chinese'] {
  if (document === undefined) return undefined;
  const name = `${basename(dirname(rule))}/${basename(rule).replace(/\.ya?ml$/, '')}`;
  const texts = isChinese(document.value) ? document.value[name] : undefined;
  return texts === undefined ? undefined : { texts, document, file: relative(process.cwd(), file), path: [name] };
}

function readSets(file: string, before: Sets, problems: string[]): Sets {
  if (!existsSync(file)) return before;
  const { value } = readChecked(file, SETS_SCHEMA, problems);
  return isSets(value) ? new Map([...before, ...Object.entries(value)]) : before;
}

/** Reads a document. Its problems are added; its value is undefined then. */
function readChecked(file: string, schema: object, problems: string[]): ParsedDocument {
  const document = PREPARED.read(file, file, () => schema);
  if (document.problems.length === 0) return document;
  for (const line of formatProblems(relative(process.cwd(), file), document.problems).split('\n')) problems.push(line);
  return { ...document, value: undefined };
}

/** True if the document has texts by rule. It must be valid by CHINESE_SCHEMA. */
export function isChinese(value: unknown): value is Readonly<Record<string, ChineseFile>> {
  return isObject(value);
}

/** True if the document has exceptions by set. It must be valid by SETS_SCHEMA. */
export function isSets(value: unknown): value is Readonly<Record<string, readonly ExceptFile[]>> {
  return isObject(value);
}

const TEXT = { type: 'string', minLength: 1, maxLength: 5000 };

const CHINESE_SCHEMA = {
  type: 'object',
  propertyNames: { pattern: '^[a-z0-9-]+/[a-z0-9-]+$', description: '<cause>/<variant> of a rule of this area' },
  additionalProperties: {
    type: 'object',
    additionalProperties: false,
    properties: {
      title: TEXT,
      why: TEXT,
      reasons: { type: 'object', additionalProperties: TEXT },
      fix: {
        type: 'object',
        additionalProperties: {
          ...TEXT,
          type: ['string', 'object'],
          additionalProperties: false,
          properties: { do: TEXT, cost: TEXT, verify: TEXT },
        },
      },
    },
  },
};

const CLASSES = { type: ['string', 'array'], minLength: 1, minItems: 1, items: { type: 'string', minLength: 1 } };

const SETS_SCHEMA = {
  type: 'object',
  propertyNames: { pattern: '^[a-z][a-z0-9-]*$', description: 'small letters, digits and hyphens' },
  additionalProperties: {
    type: 'array',
    minItems: 1,
    items: {
      type: 'object',
      additionalProperties: false,
      minProperties: 1,
      properties: {
        is: { type: 'string', minLength: 1 },
        regex: { type: 'string', minLength: 1 },
        why: { type: 'string' },
        exception: CLASSES,
        root: CLASSES,
        at: { type: 'string', minLength: 3 },
        under: { type: 'string', minLength: 3 },
        userFrame: { type: 'boolean' },
        thrownBy: { type: 'array', items: { type: 'string' } },
        message: { type: 'string', minLength: 1 },
        logger: CLASSES,
        level: { type: 'array', items: { type: 'string' } },
        component: { type: 'array', items: { type: 'string' } },
        file: { type: 'array', items: { type: 'string' } },
        in: { enum: ['failure', 'any', 'remark'] },
      },
    },
  },
};
