// Drafts a rule for a failure that no rule names: the files of its folder, with a chosen anchor, numbers and names
// turned into captures, and the logs filled in. What only a person knows (texts, reasons, fixes, the near miss) is
// marked TODO; proof.ts reports each mark. Pure functions; `jobtrace rules new` writes the files.
import { root } from '../../flink/trace/chain.js';
import type { Owner } from '../../core/documents/incident.js';
import type { ChainLink, Entry } from '../../core/types.js';
import type { Candidate } from '../entry/condition.js';
import { chooseAnchor, cutPhrase, writePattern, writeSlot, writeTitle, type PhrasePart, type Slot } from './phrase.js';

/** Marker at the beginning of a text that an author has still to write. */
export const TODO = 'TODO';

export interface RuleDraft {
  readonly anchor: string;
  readonly slots: readonly Slot[];
  /** Last part of the id if nobody gave one, such as `illegal-state-is-closed`. */
  readonly variant: string;
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

function writeRule({ anchor, parts, last, owner, isFailure, message }: Parts): string {
  const slots = parts.filter((part) => 'name' in part);
  const pattern = writePattern(parts);
  const where = [
    ...(last === undefined || last.type === '' ? [] : [`root: ${last.type}`]),
    ...(isFailure ? ['failure: true'] : []),
  ];
  return `# yaml-language-server: $schema=../../../schema.json
status: draft
severity: error
owner: ${owner}
role: cause

title:
  en: ${text(`${TODO}: ${parts.length === 0 ? (message || anchor).replaceAll('{', '{{') : writeTitle(parts)}`)}
  zh: ${text(`${TODO}：${slots.map(writeSlot).join('、')}`)}
summary:
  en: ${text(`${TODO}: what happened, and what it means for the job, for somebody who does not know Flink's internals.`)}
  zh: ${text(`${TODO}：发生了什么，对作业有什么影响。`)}

match:
  - id: message
    anchor: ${text(anchor)}
${where.length === 0 ? '' : `    where: { ${where.join(', ')} }\n`}${pattern === undefined ? '' : `    regex: '${pattern.replaceAll("'", "''")}'\n`}
${slots.length === 0 ? '' : `captures:\n${slots.map((slot) => `  ${slot.name}: ${slot.type}\n`).join('')}\n`}# Several likely reasons, each with a weight and, where it depends on values, a condition (when):
# reasons:
#   - id: usual
#     weight: 0.7
#     text: { en: "…", zh: "…" }

fixes:
  - id: first
    risk: low
    text:
      en: ${text(`${TODO}: what to do, with exact options or commands.`)}
      zh: ${text(`${TODO}：怎么办，给出准确的配置项或命令。`)}

references: []
`;
}

/** Writes a value as JSON text, which YAML can read. */
function text(value: string): string {
  return JSON.stringify(value);
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

export interface DraftProof {
  /** Origin of the log. */
  readonly note: string;
  readonly version: string | undefined;
  /** Captured values as the diagnosis prints them. */
  readonly values: Readonly<Record<string, string>>;
  readonly handled: boolean;
}

export function writeProof({ note, version, values, handled }: DraftProof): string {
  const rows = Object.entries(values)
    .map(([name, value]) => `${name}: ${text(value)}`)
    .join(', ');
  return `# yaml-language-server: $schema=../../../proof.schema.json
match.log:
  from: production
${version === undefined ? '' : `  flink: ${text(version)}\n`}  note: ${text(note)}
${rows === '' ? '' : `  values: { ${rows} }\n`}nearmiss.log:
  from: constructed
  note: ${text(`${TODO}: ${handled ? 'a program that handles the same exception and keeps running' : 'the same words in user data'}; put a log in its place that is easily taken for this failure`)}
`;
}
