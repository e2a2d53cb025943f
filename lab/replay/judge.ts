// What a replay showed beside what the recording's manifest and the command line say: cause, cards, messages, whose
// failure it was said to be, and how long it took. Pure, but for reading the recording. replay.ts prints it.
import { join } from 'node:path';
import type { Incident } from '../../core/types.js';
import { flattenIncidents } from '../../analyzer/incident/document.js';
import { isNewsAlone } from '../../analyzer/catalog/rule/rule.js';
import { loadOnce, nameFirst, nameRecording } from '../judge/name.js';
import { loadManifest, type Manifest } from '../record/manifest.js';
import type { ReplayOrder } from './order.js';
import type { Message, ReplayRun } from './play.js';
import { findWritten } from './written.js';

const catalog = loadOnce();

export interface Judged {
  readonly recording: string;
  readonly order: ReplayOrder;
  /** The cause that stands first, and the one of the command line. */
  readonly cause: string;
  readonly wanted: string;
  /** What its scenario provokes; "none" for a healthy run. */
  readonly label: string;
  /** Incidents at the end, each in a word, and how many a recording of one failure should have. */
  readonly cards: readonly string[];
  readonly wantedCards: number;
  /** Incidents that people have seen and that are gone. */
  readonly gone: number;
  readonly messages: readonly string[];
  /** Messages about a cause that was told already, without those of its end. */
  readonly repeated: number;
  /** Messages that say that an earlier one named another cause. */
  readonly corrected: number;
  /** A failure of which nobody was told. */
  readonly isSilent: boolean;
  /** Messages that say that it is over, which nothing in the log shows. */
  readonly unjustified: number;
  /** Healthy jobs that were ever named. */
  readonly innocents: readonly string[];
  /** From a line to the message about the cause that it shows, in milliseconds by the clock of the replay. */
  readonly delaysMs: readonly number[];
  /**
   * The same of what no line shows alone: symptoms and failures that no rule names, which wait for a better cause;
   * causes for which a rule wants several lines; and corrections.
   */
  readonly waitsMs: readonly number[];
  /** The incidents at the end, to be compared with those of another order. */
  readonly end: string;
}

export function judgePlayed(played: ReplayRun): Judged {
  const { recording, root, order, incidents, shown, messages } = played;
  const manifest = loadManifest(join(root, recording));
  const wantedCards = manifest.expected.cause === 'none' ? 0 : 1;
  const unjustified = messages.filter((message) => isEnd(message) && !hasEnded(message, manifest)).length;
  const { first, expected } = nameRecording(recording, root);
  return {
    recording,
    order,
    cause: nameFirst(flattenIncidents(incidents, 'en'), expected).first,
    wanted: first,
    label: expected,
    cards: incidents.map(describeCard),
    wantedCards,
    gone: new Set(shown.map(({ id }) => id)).size - incidents.length,
    messages: messages.map((message) => `${message.reason} ${causeOf(message)}`),
    repeated: messages.length - new Set(messages.map((message) => (isEnd(message) ? message : causeOf(message)))).size,
    corrected: messages.filter(({ reason }) => reason === 'cause-corrected').length,
    isSilent: messages.length === 0 && wantedCards > 0,
    unjustified,
    innocents: [
      ...new Set(shown.flatMap(({ job }) => (job !== undefined && isInnocent(job.id, manifest) ? [job.id] : []))),
    ],
    delaysMs: listDelays(
      played,
      messages.filter((message) => !isEnd(message) && !waits(message)),
    ),
    waitsMs: listDelays(played, messages.filter(waits)),
    end: renderEnd(incidents),
  };
}

function listDelays(played: ReplayRun, messages: readonly Message[]): readonly number[] {
  return messages.flatMap((message) => {
    const written = findWritten(played, message);
    return written === undefined ? [] : [message.at - written];
  });
}

function waits({ reason, diagnosis }: Message): boolean {
  if (reason === 'cause-corrected') return true;
  const rule = catalog.findRule(diagnosis?.rule ?? '');
  const wantsMore = rule?.steps.some(({ absent }) => !absent) === true;
  return reason === 'new-incident' && (wantsMore || (!isNewsAlone(rule) && !isCause(diagnosis)));
}

function isCause(diagnosis: Message['diagnosis']): boolean {
  return diagnosis?.symptom === false && catalog.findRule(diagnosis.rule)?.role === 'cause';
}

/** What is wrong with a row, by the name under which it is summed up; `first`: the same recording as it was written. */
export const FAULTS: Readonly<Record<string, (row: Judged, first: Judged) => string>> = {
  'another cause': ({ cause, wanted }) => (cause === wanted ? '' : `${cause} in place of ${wanted}`),
  'several cards': ({ cards, wantedCards }) => (cards.length > wantedCards ? cards.join('; ') : ''),
  'no card': ({ cards, wantedCards }) => (cards.length < wantedCards ? 'none' : ''),
  'cards that went': ({ gone }) => (gone > 0 ? String(gone) : ''),
  'cause told again': ({ repeated, messages }) => (repeated > 0 ? messages.join(', ') : ''),
  corrected: ({ corrected }) => (corrected > 0 ? String(corrected) : ''),
  'no message': ({ isSilent }) => (isSilent ? 'none' : ''),
  'end without evidence': ({ unjustified, messages }) => (unjustified > 0 ? messages.join(', ') : ''),
  'innocent job': ({ innocents }) => innocents.join(', '),
  'another end': ({ end }, first) => (end === first.end ? '' : findDifference(first.end, end)),
};

export function listFaults(row: Judged, first: Judged): readonly string[] {
  return Object.entries(FAULTS).flatMap(([name, tell]) => {
    const told = tell(row, first);
    return told === '' ? [] : [`${name}: ${told}`];
  });
}

/**
 * By the order of arrival. Lines that come late may show another cause than the first ones did: that is told, and no
 * fault.
 */
export function listLasting(rows: readonly Judged[]): Readonly<Record<string, readonly string[]>> {
  const [first] = rows;
  return Object.fromEntries(
    rows.map((row) => [row.order, listFaults(row, first ?? row).filter((fault) => !fault.startsWith('corrected'))]),
  );
}

/** The first line that is another. */
function findDifference(left: string, right: string): string {
  const lines = left.split('\n');
  const other = right.split('\n').find((line, index) => line !== lines[index]);
  return (other ?? 'a shorter one').trim().slice(0, 200);
}

function describeCard({ job, process, diagnoses, unknown, outcome, restarts }: Incident): string {
  const cause = diagnoses.en[0]?.rule ?? `unknown ${unknown[0]?.chain.at(-1) ?? ''}`;
  return `${job?.name ?? job?.id ?? process?.split('/').at(-1) ?? ''}: ${cause} (${outcome}, ${restarts})`;
}

/** Rule id, or the class that no rule knows. */
function causeOf({ diagnosis, unknown }: Message): string {
  return diagnosis?.rule ?? `unknown ${unknown?.chain.at(-1) ?? ''}`;
}

/** It is over, or will not go on: said beside what was told of the cause. */
function isEnd({ reason, incident }: Message): boolean {
  return ENDS.has(reason) || (reason === 'escalated' && incident.outcome === 'failed');
}

const ENDS: ReadonlySet<string> = new Set(['resolved', 'canceled', 'silent']);

/** Its job ran at the end of the recording, or had come to an end of its own. */
function hasEnded({ reason, incident }: Message, { jobs, processes }: Manifest): boolean {
  const state = jobs.find(({ id }) => id === incident.job?.id)?.state;
  if (reason === 'canceled') return state === 'CANCELED';
  if (reason === 'escalated') return state === 'FAILED';
  // Its recording is over while it still fails.
  if (reason === 'silent') return state === undefined || !ENDED.has(state);
  const isAlive = processes.every(({ name, alive }) => alive || !name.startsWith('jobmanager'));
  return state === 'FINISHED' || (state === 'RUNNING' && isAlive);
}

const ENDED: ReadonlySet<string> = new Set(['FINISHED', 'CANCELED', 'FAILED']);

const FAILED: ReadonlySet<string> = new Set(['RESTARTING', 'FAILING', 'FAILED']);

/** It never failed, and is not the one that the scenario made fail. */
function isInnocent(id: string, { jobs, expected }: Manifest): boolean {
  const states = jobs.find((job) => job.id === id)?.states;
  return id !== expected.job && states !== undefined && !states.some((state) => FAILED.has(state));
}

/** Ids of records name the inode of a file, which is another in each replay. */
function renderEnd(incidents: readonly Incident[]): string {
  return JSON.stringify(incidents, (key, value: unknown) => (key === 'recordId' ? undefined : value), 1);
}

/** A row of the tables in which plays are told. */
export function renderRow(cells: readonly string[]): string {
  return `| ${cells.join(' | ')} |`;
}
