// Decides when an incident is written into the store. A change of its card (cause, outcome, evidence, fixes, processes)
// is written at once. Counts and times that only grow would write the same document at each restart: they are written
// as often as the amount of log that was read allows, every five minutes, and once the job is quiet. After a crash the
// unwritten rest is rebuilt from the records. Pure functions.
import { createHash } from 'node:crypto';
import type { Incident } from '../../core/documents/incident.js';
import { LIMITS } from './limits.js';

/** Digest of an incident's document, used to compare versions. */
export interface IncidentDigest {
  readonly hash: string;
  /** Hash of the fields of the card. */
  readonly card: string;
  /** Number of restarts plus the lines of each cause. */
  readonly size: number;
  /** Time of the last event, in milliseconds since 1970. */
  readonly last: number;
  readonly length: number;
}

export interface WrittenIncident extends IncidentDigest {
  /** Bytes of the cluster's log that had been read at that time. */
  readonly logBytes: number;
  /** Wall-clock time of the write. */
  readonly at: number;
}

export interface WriteSituation {
  /** Bytes of the cluster's log that have been read. */
  readonly logBytes: number;
  /** Current wall-clock time. */
  readonly now: number;
  /** Wall-clock time, in milliseconds, since the incident changed last. */
  readonly quietMs: number;
}

export type WriteDecision =
  'known' | 'later' | 'new' | 'card' | 'grown' | 'behind' | 'long-ago' | 'log-bears-it' | 'quiet';

export function decideWrite(
  incident: Incident,
  digest: IncidentDigest,
  written: WrittenIncident | undefined,
  { logBytes, now, quietMs }: WriteSituation,
): WriteDecision {
  if (written === undefined) return 'new';
  if (digest.hash === written.hash) return 'known';
  if (digest.card !== written.card) return 'card';
  if (digest.size >= written.size * LIMITS.grown.value) return 'grown';
  if (now - written.at >= LIMITS.behind.value) return 'behind';
  if (digest.last - written.last >= LIMITS.longAgo.value) return 'long-ago';
  if (logBytes - written.logBytes >= digest.length * LIMITS.logShare.value) return 'log-bears-it';
  const failedMs = digest.last - (Date.parse(incident.firstSeen ?? '') || digest.last);
  const isQuiet =
    quietMs >= Math.min(LIMITS.maxQuiet.value, Math.max(LIMITS.leastQuiet.value, failedMs / LIMITS.quietShare.value));
  return isQuiet ? 'quiet' : 'later';
}

/** Fields of a failing job's incident that only grow. Values of a rule have the same names. */
const GROWING: ReadonlySet<string> = new Set(['lastSeen', 'count', 'restarts', 'attempts']);

export function digestIncident(incident: Incident): IncidentDigest {
  const text = JSON.stringify(incident);
  const hash = hashText(text);
  const counts = [...incident.diagnoses.en, ...incident.unknown].map(({ count }) => count);
  return {
    hash,
    card: incident.outcome === 'failing' ? hashText(JSON.stringify(incident, leaveOutGrowing)) : hash,
    size: counts.reduce((sum, count) => sum + count, incident.restarts),
    last: Date.parse(incident.lastSeen ?? '') || 0,
    length: text.length,
  };
}

function leaveOutGrowing(key: string, value: unknown): unknown {
  return GROWING.has(key) ? undefined : value;
}

function hashText(text: string): string {
  return createHash('sha256').update(text).digest('base64').slice(0, 16);
}
