// Compares what a replay showed with the recording's manifest and the command line: cause, incidents, messages, the job
// that was named, and the delays. Pure functions, except for reading the recording. replay.ts prints the result.
import { join } from 'node:path';
import type { Incident } from '../../core/documents/incident.js';
import { flattenIncidents } from '../../analyzer/incident/document.js';
import { isNewsAlone } from '../../analyzer/catalog/rule.js';
import { loadOnce, nameFirst, nameRecording } from '../play/name.js';
import { loadManifest, type Manifest } from '../play/manifest.js';
import type { ReplayOrder } from './order.js';
import type { Message, ReplayRun } from './replay.js';
import { findWritten } from './written.js';

const catalog = loadOnce();

export interface Judged {
  readonly recording: string;
  readonly order: ReplayOrder;
  /** First cause, and the one of the command line. */
  readonly cause: string;
  readonly wanted: string;
  /** Cause that its scenario provokes; "none" for a healthy run. */
  readonly label: string;
  /** Incidents at the end, each in short form, and their expected number for a recording of one failure. */
  readonly cards: readonly string[];
  readonly wantedCards: number;
  /** Number of incidents that people have seen and that were removed. */
  readonly gone: number;
  readonly messages: readonly string[];
  /** Number of messages about a cause that was already notified, without those about its end. */
  readonly repeated: number;
  /** Number of messages that correct the cause of an earlier one. */
  readonly corrected: number;
  /** True if nobody was notified of a failure. */
  readonly isSilent: boolean;
  /** Number of messages that report an end which nothing in the log shows. */
  readonly unjustified: number;
  /** Healthy jobs that were ever named as failed. */
  readonly innocents: readonly string[];
  /** Delays from a line to the message about the cause that it shows, in milliseconds by the clock of the replay. */
  readonly delaysMs: readonly number[];
  /**
   * Delays of messages that no single line justifies: symptoms and failures that no rule names, which wait for a better
   * cause; causes for which a rule needs several lines; and corrections.
   */
  readonly waitsMs: readonly number[];
  /** Incidents at the end, for the comparison with those of another order. */
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

/**
 * Faults of a row, by the name under which they are summed up. `first` is the same recording in the order in which it
 * was written.
 */
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
 * Lists the faults by order of arrival. Late lines may show another cause than the first ones did, so a correction is
 * not a fault.
 */
export function listLasting(rows: readonly Judged[]): Readonly<Record<string, readonly string[]>> {
  const [first] = rows;
  return Object.fromEntries(
    rows.map((row) => [row.order, listFaults(row, first ?? row).filter((fault) => !fault.startsWith('corrected'))]),
  );
}

/** Returns the first line that differs. */
function findDifference(left: string, right: string): string {
  const lines = left.split('\n');
  const other = right.split('\n').find((line, index) => line !== lines[index]);
  return (other ?? 'a shorter one').trim().slice(0, 200);
}

function describeCard({ job, process, diagnoses, unknown, outcome, restarts }: Incident): string {
  const cause = diagnoses.en[0]?.rule ?? `unknown ${unknown[0]?.chain.at(-1) ?? ''}`;
  return `${job?.name ?? job?.id ?? process?.split('/').at(-1) ?? ''}: ${cause} (${outcome}, ${restarts})`;
}

/** Returns the rule id, or the exception class that no rule knows. */
function causeOf({ diagnosis, unknown }: Message): string {
  return diagnosis?.rule ?? `unknown ${unknown?.chain.at(-1) ?? ''}`;
}

/**
 * Returns true if the message says that the failure is over, or that the job will not go on. Such a message comes in
 * addition to the message about the cause.
 */
function isEnd({ reason, incident }: Message): boolean {
  return ENDS.has(reason) || (reason === 'escalated' && incident.outcome === 'failed');
}

const ENDS: ReadonlySet<string> = new Set(['resolved', 'canceled', 'silent']);

/** Returns true if the recording confirms the message: the job ran at the end of the recording, or had ended. */
function hasEnded({ reason, incident }: Message, { jobs, processes }: Manifest): boolean {
  const state = jobs.find(({ id }) => id === incident.job?.id)?.state;
  if (reason === 'canceled') return state === 'CANCELED';
  if (reason === 'escalated') return state === 'FAILED';
  // The recording ends while the job still fails.
  if (reason === 'silent') return state === undefined || !ENDED.has(state);
  const isAlive = processes.every(({ name, alive }) => alive || !name.startsWith('jobmanager'));
  return state === 'FINISHED' || (state === 'RUNNING' && isAlive);
}

const ENDED: ReadonlySet<string> = new Set(['FINISHED', 'CANCELED', 'FAILED']);

const FAILED: ReadonlySet<string> = new Set(['RESTARTING', 'FAILING', 'FAILED']);

/** Returns true if the job never failed and is not the one that the scenario made fail. */
function isInnocent(id: string, { jobs, expected }: Manifest): boolean {
  const states = jobs.find((job) => job.id === id)?.states;
  return id !== expected.job && states !== undefined && !states.some((state) => FAILED.has(state));
}

/** Renders the incidents without record ids, which contain the inode of a file and so differ in each replay. */
function renderEnd(incidents: readonly Incident[]): string {
  return JSON.stringify(incidents, (key, value: unknown) => (key === 'recordId' ? undefined : value), 1);
}

/** Renders a row of the result tables. */
export function renderRow(cells: readonly string[]): string {
  return `| ${cells.join(' | ')} |`;
}
