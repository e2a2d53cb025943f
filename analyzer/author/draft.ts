// Drafts a rule for a failure that no rule names: its file, with a chosen anchor, numbers and names turned into
// captures, and its cases. What only a person knows (texts, reasons, fixes, the near miss) is
// marked TODO; proof.ts reports each mark. Pure functions; `jobtrace rules new` writes the files.
import { root } from '../../flink/trace/chain.js';
import type { Owner } from '../../core/documents/incident.js';
import type { ChainLink, Entry } from '../../core/types.js';
import type { Candidate } from '../entry/condition.js';
import type { FindFile } from '../catalog/form/file.js';
import { readText } from '../catalog/form/text.js';
import { chooseAnchor, cutPhrase, writePhrase, writeTitle, type PhrasePart, type Slot } from './phrase.js';
import { escapeText } from './text-of-regex.js';
import { writeFlow, writeForm } from './write-form.js';

/** Marker at the beginning of a text that an author has still to write. */
export const TODO = 'TODO';

export interface RuleDraft {
  readonly anchor: string;
  readonly slots: readonly Slot[];
  /** Last part of the id if nobody gave one, such as `illegal-state-is-closed`. */
  readonly variant: string;
  /** Text of the rule's file, without its cases. */
  readonly ruleYaml: string;
  readonly matchLog: string;
  readonly nearMissLog: string;
}

/**
 * Maximum length of the message that is read, in UTF-16 units. A longer message is cut, because a rule does not need
 * more.
 */
const MAX_MESSAGE_UNITS = 400;
/** Minimum length of an anchor, in letters and digits. A shorter anchor would stand in many lines. */
const MIN_ANCHOR_LETTERS = 6;

export function draftRule(entry: Entry, candidate: Candidate, owner: Owner): RuleDraft {
  const last = root(candidate.parsed.links);
  const message =
    (last?.message ?? candidate.parsed.message).split('\n', 1)[0]?.slice(0, MAX_MESSAGE_UNITS).trim() ?? '';
  const phrase = cutPhrase(message);
  const literal = chooseAnchor(phrase);
  const isTelling = literal.replaceAll(/[^\p{L}\p{N}]/gu, '').length >= MIN_ANCHOR_LETTERS && occurs(entry, literal);
  const parts = isTelling ? phrase : [];
  const anchor = isTelling ? literal : (chooseFrame(last, entry, candidate) ?? last?.type ?? literal);
  const matchLog = `${entry.bytes.toString('utf8').trimEnd()}\n`;
  return {
    anchor,
    slots: parts.filter((part) => 'name' in part),
    variant: nameVariant(last, anchor),
    ruleYaml: writeRule({ anchor, parts, last, owner, isFailure: candidate.isFailure, message }),
    matchLog,
    nearMissLog: candidate.isFailure && last !== undefined ? writeHandled(candidate) : writeQuoted(message),
  };
}

/**
 * True if the bytes of the entry hold the literal. The scan looks at bytes, but a message may come from escaped text.
 */
function occurs({ bytes }: Entry, literal: string): boolean {
  return bytes.includes(literal);
}

/**
 * Returns the method that threw the exception, such as `com.acme.Ledger.write`. It becomes the anchor if the message is
 * not specific.
 */
function chooseFrame(last: ChainLink | undefined, entry: Entry, { code }: Candidate): string | undefined {
  const frame = last?.frames.find((one) => !code.isNeutral(one)) ?? last?.frames[0];
  const name = frame?.slice(0, frame.indexOf('('));
  return name !== undefined && name.length >= MIN_ANCHOR_LETTERS && occurs(entry, name) ? name : undefined;
}

function nameVariant(last: ChainLink | undefined, anchor: string): string {
  const type =
    (last?.type ?? '')
      .split(/[.$]/)
      .at(-1)
      ?.replace(/(?:Exception|Error|Throwable)$/, '') ?? '';
  const words = [
    ...type.replaceAll(/([a-z0-9])([A-Z])/g, '$1 $2').split(' '),
    ...anchor.split(/[^A-Za-z0-9]+/).slice(0, 6),
  ];
  const name = words
    .filter((word) => /^[A-Za-z0-9]+$/.test(word))
    .join('-')
    .toLowerCase();
  return name.slice(0, 48).replace(/-[^-]*$/, (tail) => (name.length > 48 ? '' : tail)) || 'first';
}

interface Parts {
  readonly anchor: string;
  readonly parts: readonly PhrasePart[];
  readonly last: ChainLink | undefined;
  readonly owner: Owner;
  readonly isFailure: boolean;
  readonly message: string;
}

/** Writes the rule without its cases, which writeCases adds. */
function writeRule({ anchor, parts, last, owner, isFailure, message }: Parts): string {
  const form: FindFile = { ...writeForms(anchor, parts, last), in: isFailure ? undefined : 'any' };
  const isText = Object.values(form).filter((value) => value !== undefined).length === 1;
  return `# yaml-language-server: $schema=../../rule.schema.json
${writeForm({
  status: 'draft',
  title: `${TODO}: ${parts.length === 0 ? escapeText(message || anchor) : writeTitle(parts)}`,
  why: `${TODO}: what happened, and what it means for the job, for somebody who does not know Flink's internals.`,
  owner,
})}find:
  - ${isText ? text(form.is ?? '') : writeFlow(form)}
# Several likely reasons, each with a weight; a form under find can name its reason (so: usual).
# reasons:
#   usual: [0.7, "…"]
fix:
  - ${text(`${TODO}: what to do, with exact options or commands.`)}
`;
}

/** Writes what is found as a text, with the class of the exception before it. */
function writeForms(anchor: string, parts: readonly PhrasePart[], last: ChainLink | undefined): FindFile {
  const type = last?.type ?? '';
  if (last?.frames.some((frame) => frame.startsWith(anchor)) === true) return { anchor, at: anchor, root: type };
  const is = writePhrase(parts) ?? escapeText(anchor);
  const together = `${type}: ${is}`;
  const read = readText(together, true);
  const whole: FindFile = read.exception === type ? { is: together } : { is, ...(type === '' ? {} : { root: type }) };
  const own = whole.is === together ? read : readText(is, false);
  return own.anchor?.includes(anchor) === true ? whole : { ...whole, anchor };
}

/** Writes a log in which a program handles the same exception and goes on. */
function writeHandled({ parsed }: Candidate): string {
  const trace = parsed.stack ?? parsed.message;
  return `2026-01-01 00:00:00,000 WARN  com.example.retry.RetryFunction                              [] - Attempt 1 of 3 failed, trying again.
${trace.trimEnd()}
2026-01-01 00:00:01,000 INFO  com.example.retry.RetryFunction                              [] - Attempt 2 of 3 succeeded.
`;
}

/** Writes a log in which the same words stand in user data. */
function writeQuoted(message: string): string {
  return `2026-01-01 00:00:00,000 INFO  com.example.support.TicketFunction                           [] - ticket 4711: ${JSON.stringify(message)}\n`;
}

/** Origin of the cases of a draft. */
export interface DraftProof {
  readonly note: string;
  readonly version: string | undefined;
  /** Captured values as the diagnosis prints them. */
  readonly values: Readonly<Record<string, string>>;
  readonly handled: boolean;
  readonly matchLog: string;
  readonly nearMissLog: string;
}

/** Writes the cases that end the file of a new rule: the log that it must name, and the template of its near miss. */
export function writeCases({ note, version, values, handled, matchLog, nearMissLog }: DraftProof): string {
  const template = handled
    ? 'a program that handles the same exception and keeps running'
    : 'the same words in user data';
  return [
    'cases:',
    writeLines('  - log:', matchLog),
    '    from: production',
    ...(version === undefined ? [] : [`    flink: ${text(version)}`]),
    ...(Object.keys(values).length === 0 ? [] : [`    gives: ${writeFlow(values)}`]),
    `    note: ${text(note)}`,
    writeLines('  - near:', nearMissLog),
    `    note: ${text(`${TODO}: ${template}; put a log in its place that is easily taken for this failure`)}`,
    '',
  ].join('\n');
}

/** Writes a log as a block of lines; as a quoted text if YAML would read the block differently. */
function writeLines(key: string, log: string): string {
  const isBlock = /^[^\s]/.test(log) && log.endsWith('\n') && !/\n\n$|(?![\n\t])[\p{Cc}\u2028\u2029\ufeff]/u.test(log);
  if (!isBlock) return `${key} ${text(log)}`;
  const lines = log.trimEnd().split('\n');
  return [`${key} |`, ...lines.map((line) => (line === '' ? '' : `      ${line}`))].join('\n');
}

/** Writes a value as JSON text, which YAML can read. */
function text(value: string): string {
  return JSON.stringify(value);
}
