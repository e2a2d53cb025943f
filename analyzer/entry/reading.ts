// How a log is read: as a whole, or as what somebody cut out of it, alone or beside a failure that no rule knows.
// Chosen once at the door (incident/diagnose.ts) and passed on; whoever takes an entry, a step or a catch-all asks it.
// Pure.
import type { ChainLink, ParsedEntry } from '../../core/types.js';
import { isLost, isWrapper, root } from '../../flink/trace/chain.js';
import type { AlternativeUse, AnchorUse } from '../catalog/catalog.js';
import type { Engine } from '../catalog/engine/engine.js';
import { isMessage } from './failure.js';
import { findRow, type RowSubject } from './row.js';

/** What a closer look at an entry has found so far. */
export interface LookedAt {
  readonly subject: RowSubject;
  readonly text: string;
  /** It ended something. */
  readonly hasFailed: boolean;
  readonly byUser: boolean;
}

/** How the rules see an entry. */
export interface View {
  readonly links: readonly ChainLink[];
  /** A failure for the rules that know it, although it ended nothing by itself. */
  readonly mayEnd: boolean;
  mayName(use: AnchorUse): use is AlternativeUse;
}

export interface Reading {
  /** Mere words may tell of a failure: also in an entry that holds nothing else that is looked for. */
  readonly hearsWords: boolean;
  /** An error with its trace is what the text is about. */
  readonly takesErrors: boolean;
  /** As soon as a rule knows a cause, no catch-all says more. */
  readonly dropsGeneral: boolean;
  /** What stands in front of the message, the level and the logger, may have been cut off. */
  isHeadless(subject: RowSubject): boolean;
  view(looked: LookedAt, engine: Engine): View;
  /** How often a step must be seen of which a rule wants `count`; a match may repeat itself. */
  countOf(count: number, repeatsItself: boolean): number;
}

/** All lines are there, or those around an entry are. */
export const WHOLE_LOG: Reading = {
  hearsWords: false,
  takesErrors: false,
  dropsGeneral: false,
  isHeadless: () => false,
  view: ({ subject }) => viewAsIs(subject.parsed),
  countOf: (count) => count,
};

/**
 * An excerpt of so many entries that tells of nothing that ended: an error or a warning with a trace, or a mere
 * message, is what it is about.
 */
export function readAlone(entries: number): Reading {
  return {
    ...EXCERPT,
    takesErrors: true,
    dropsGeneral: false,
    view: (looked, engine) => (looked.hasFailed ? viewAsIs(looked.subject.parsed) : viewAlone(looked, engine)),
    countOf: (count, repeatsItself) => (repeatsItself && entries <= FEW_ENTRIES ? 1 : Math.min(TWICE, count)),
  };
}

const EXCERPT = {
  hearsWords: true,
  isHeadless: ({ parsed, source }: RowSubject) => parsed.layout === 'none' && source.kind !== 'out',
} as const;

/** No rule of its own knows its failure. A mere message beside it, such as the title of a thread, may say more. */
export const BESIDE_FAILURE: Reading = {
  ...EXCERPT,
  takesErrors: false,
  dropsGeneral: true,
  view: (looked) => (looked.hasFailed ? viewTold(looked.subject.parsed) : viewBeside(looked)),
  countOf: (count) => count,
};

/**
 * What goes on and on may stand twice in what somebody cut out of it, and once among the few lines that were picked.
 */
const TWICE = 2;
const FEW_ENTRIES = 3;

function viewAsIs({ links }: ParsedEntry): View {
  return { links, mayEnd: false, mayName: isAlternative };
}

function viewAlone(looked: LookedAt, engine: Engine): View {
  const { subject, byUser } = looked;
  const { parsed, source } = subject;
  if (!byUser && isMessage(parsed, source)) return viewMessage(looked);
  const suspect = findRow(engine.suspects, subject, (row) => row.excerpt && (row.byUser || !byUser));
  return suspect === undefined ? viewAsIs(parsed) : { links: parsed.links, mayEnd: true, mayName: isSpecific };
}

function viewBeside(looked: LookedAt): View {
  const { parsed, source } = looked.subject;
  const isWords = !looked.byUser && parsed.level === undefined && isMessage(parsed, source);
  return isWords ? viewMessage(looked) : viewAsIs(parsed);
}

/** A message without its class. */
function viewMessage({ subject: { parsed }, text }: LookedAt): View {
  return viewWords(parsed.links.every(({ message }) => message === '') ? [nameLost(text)] : parsed.links);
}

function viewTold(parsed: ParsedEntry): View {
  const links = tellCause(parsed);
  return links === undefined ? viewAsIs(parsed) : viewWords(links);
}

/** A rule for whatever is left knows nothing of mere words, unless they quote the class with its package. */
function viewWords(links: readonly ChainLink[]): View {
  const isNamed = root(links)?.type.includes('.') === true;
  return { links, mayEnd: true, mayName: isNamed ? isAnyWords : isSpecificWords };
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
 * Who wraps an exception often tells its message, Flink behind words of its own. Where its own class is missing, that
 * is all that is left of it.
 */
function tellCause({ links }: ParsedEntry): readonly ChainLink[] | undefined {
  const last = root(links);
  if (last === undefined) return undefined;
  if (isLost(last)) return links;
  const message = last.type.startsWith('org.apache.flink.')
    ? last.message.slice(last.message.search(/(?<=: )|$/))
    : last.message;
  return isWrapper(last.type) && message !== ''
    ? [...links, { type: '', message, frames: [], relation: 'cause' }]
    : undefined;
}

/**
 * A class in the middle of a sentence, with its package or without. One of Java's own is seen even where the blank
 * before it was lost.
 */
const NAMED =
  /((?:java|javax)\.(?:[a-z]\w*\.)+|(?<![\w.$])(?:[a-z_][\w$]*\.)*)([A-Z][\w$]*[a-z](?:Exception|Error))(?::\s|$)/;

/** A sentence that quotes an exception names it soon. */
const MAX_SENTENCE_UNITS = 2000;

/** A class that was lost may be any (condition.ts). */
function nameLost(text: string): ChainLink {
  const named = NAMED.exec(text.slice(0, MAX_SENTENCE_UNITS));
  return {
    type: named === null ? '' : `${named[1]}${named[2]}`,
    message: named === null ? text : text.slice(named.index + named[0].length),
    frames: [],
    relation: 'outer',
  };
}
