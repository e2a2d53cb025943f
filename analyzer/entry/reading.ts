// Defines the ways of reading a log: as a whole log, as an excerpt alone, or as an excerpt beside a failure that no
// rule knows. incident/diagnose.ts chooses one and passes it on, and all decisions about entries, steps and catch-all
// rules ask it. Pure functions.
import type { ChainLink, ParsedEntry } from '../../core/types.js';
import { isLost, root } from '../../flink/trace/chain.js';
import type { AlternativeUse, AnchorUse } from '../catalog/catalog.js';
import type { Engine } from '../catalog/engine.js';
import { isMessage } from './failure.js';
import { findRow, type RowSubject } from './row.js';

/** Results so far for an entry that is being read closely. */
export interface ScannedEntry {
  readonly subject: RowSubject;
  readonly text: string;
  /** True if something ended with the entry. */
  readonly hasFailed: boolean;
  readonly fromUserCode: boolean;
}

/** View of an entry that is presented to the rules. */
export interface View {
  readonly links: readonly ChainLink[];
  /** True if the entry is a failure for the rules that know it, although nothing ended with it. */
  readonly mayEnd: boolean;
  mayMatch(use: AnchorUse): use is AlternativeUse;
}

export interface Reading {
  /** True if plain text can report a failure. Entries with anchors of facts only are then compared with rules too. */
  readonly readsWords: boolean;
  /** True if an error with a stack trace counts as a failure, because the text is about it. */
  readonly takesErrors: boolean;
  /** True if general rules (catch-alls) are dropped when a specific rule knows a cause. */
  readonly dropsGeneral: boolean;
  /** True if the prefix of the line (level and logger) may have been cut off. */
  isWithoutPrefix(subject: RowSubject): boolean;
  view(scanned: ScannedEntry, engine: Engine): View;
  /**
   * Returns how often a step must occur if the rule wants `count`. `repeatsItself` is true if a match of the rule may
   * count as such a step.
   */
  countOf(count: number, repeatsItself: boolean): number;
}

/** Reading of a complete log, or of an entry whose surrounding lines are complete. */
export const WHOLE_LOG: Reading = {
  readsWords: false,
  takesErrors: false,
  dropsGeneral: false,
  isWithoutPrefix: () => false,
  view: ({ subject }) => viewAsIs(subject.parsed),
  countOf: (count) => count,
};

/**
 * Returns the reading of an excerpt with this number of entries in which nothing ended. An error or warning with a
 * stack trace, or a plain message, then counts as its subject.
 */
export function readAlone(entries: number): Reading {
  return {
    ...EXCERPT,
    takesErrors: true,
    dropsGeneral: false,
    view: (scanned, engine) => (scanned.hasFailed ? viewAsIs(scanned.subject.parsed) : viewAlone(scanned, engine)),
    countOf: (count, repeatsItself) => (repeatsItself && entries <= FEW_ENTRIES ? 1 : Math.min(TWICE, count)),
  };
}

const EXCERPT = {
  readsWords: true,
  isWithoutPrefix: ({ parsed, source }: RowSubject) => parsed.layout === 'none' && source.kind !== 'out',
} as const;

/**
 * Reading of an excerpt with a failure that no specific rule knows. A plain message beside the failure, such as the
 * title of a forum thread, may say more.
 */
export const BESIDE_FAILURE: Reading = {
  ...EXCERPT,
  takesErrors: false,
  dropsGeneral: true,
  view: (scanned, engine) => (scanned.hasFailed ? viewParsed(scanned.subject.parsed, engine) : viewBeside(scanned)),
  countOf: (count) => count,
};

/**
 * Minimum counts in an excerpt. An event that repeats without end may occur only twice in an excerpt, and only once if
 * the excerpt has at most FEW_ENTRIES entries.
 */
const TWICE = 2;
const FEW_ENTRIES = 3;

function viewAsIs({ links }: ParsedEntry): View {
  return { links, mayEnd: false, mayMatch: isAlternative };
}

function viewAlone(scanned: ScannedEntry, engine: Engine): View {
  const { subject, fromUserCode } = scanned;
  const { parsed, source } = subject;
  if (!fromUserCode && isMessage(parsed, source)) return viewMessage(scanned);
  const suspect = findRow(engine.suspects, subject, (row) => row.excerpt && (row.fromUserCode || !fromUserCode));
  return suspect === undefined ? viewAsIs(parsed) : { links: parsed.links, mayEnd: true, mayMatch: isSpecific };
}

function viewBeside(scanned: ScannedEntry): View {
  const { parsed, source } = scanned.subject;
  const isWords = !scanned.fromUserCode && parsed.level === undefined && isMessage(parsed, source);
  return isWords ? viewMessage(scanned) : viewAsIs(parsed);
}

/** Returns the view of a message without its exception class. */
function viewMessage({ subject: { parsed }, text }: ScannedEntry): View {
  return viewWords(parsed.links.every(({ message }) => message === '') ? [nameLost(text)] : parsed.links);
}

function viewParsed(parsed: ParsedEntry, engine: Engine): View {
  const links = readCauseLinks(parsed, engine);
  return links === undefined ? viewAsIs(parsed) : viewWords(links);
}

/**
 * Returns a view of plain text. General rules do not see it, unless the text quotes the exception class with its
 * package.
 */
function viewWords(links: readonly ChainLink[]): View {
  const isNamed = root(links)?.type.includes('.') === true;
  return { links, mayEnd: true, mayMatch: isNamed ? isAnyWords : isSpecificWords };
}

function isAlternative(use: AnchorUse): use is AlternativeUse {
  return use.kind === 'alternative';
}

function isSpecific(use: AnchorUse): use is AlternativeUse {
  return use.kind === 'alternative' && !use.rule.general;
}

function isAnyWords(use: AnchorUse): use is AlternativeUse {
  return use.kind === 'alternative' || use.kind === 'words';
}

function isSpecificWords(use: AnchorUse): use is AlternativeUse {
  return isAnyWords(use) && !use.rule.general;
}

/**
 * Returns the chain with a root cause whose class was lost, or undefined if no class was lost. A wrapper often repeats
 * the message of its cause, and Flink puts words of its own before it; if the class of the cause is missing, this
 * message is all that is left of it.
 */
function readCauseLinks({ links }: ParsedEntry, { code }: Engine): readonly ChainLink[] | undefined {
  const last = root(links);
  if (last === undefined) return undefined;
  if (isLost(last)) return links;
  const message = last.type.startsWith('org.apache.flink.')
    ? last.message.slice(last.message.search(/(?<=: )|$/))
    : last.message;
  return code.isWrapper(last.type) && message !== ''
    ? [...links, { type: '', message, frames: [], relation: 'cause' }]
    : undefined;
}

/**
 * Exception class in the middle of a sentence, with or without its package. A class of Java itself is found even if the
 * blank before it was lost.
 */
const NAMED =
  /((?:java|javax)\.(?:[a-z]\w*\.)+|(?<![\w.$])(?:[a-z_][\w$]*\.)*)([A-Z][\w$]*[a-z](?:Exception|Error))(?::\s|$)/;

/**
 * Longest text, in UTF-16 units, in which an exception class is searched. A sentence that quotes an exception names it
 * early.
 */
const MAX_SENTENCE_UNITS = 2000;

/** Returns the exception that a text names. A class that was lost fits each class (condition.ts). */
function nameLost(text: string): ChainLink {
  const named = NAMED.exec(text.slice(0, MAX_SENTENCE_UNITS));
  return {
    type: named === null ? '' : `${named[1]}${named[2]}`,
    message: named === null ? text : text.slice(named.index + named[0].length),
    frames: [],
    relation: 'outer',
  };
}
