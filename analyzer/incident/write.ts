// When what is known of an incident is written into the store. What changes its card (cause, outcome, evidence, fixes,
// processes) is written at once. What only grows while the job goes on failing (how often, until when) would write the
// same document again with each restart: it is written as often as the log that was read meanwhile bears, every five
// minutes, and once the job is quiet. What is not written yet is rebuilt from the records after a crash. Pure; called
// by analyzer.ts.
import { createHash } from 'node:crypto';
import type { Incident } from '../../core/types.js';

/** An incident's document as it is compared. */
export interface IncidentPrint {
  readonly hash: string;
  /** Of what makes the card. */
  readonly card: string;
  /** Restarts, and lines of each cause. */
  readonly size: number;
  /** Milliseconds since 1970. */
  readonly last: number;
  readonly length: number;
}

export interface WrittenIncident extends IncidentPrint {
  /** Bytes of the cluster's log that had been read then. */
  readonly logBytes: number;
  /** When, by the clock. */
  readonly at: number;
}

export interface WriteSituation {
  /** Bytes of the cluster's log that have been read. */
  readonly logBytes: number;
  /** By the clock. */
  readonly now: number;
  /** For how long it has been as it is, by the clock. */
  readonly quietMs: number;
}

export type WriteDecision =
  'known' | 'later' | 'new' | 'card' | 'grown' | 'behind' | 'long-ago' | 'log-bears-it' | 'quiet';

/** Its size has become so many times what is written. */
const GROWN = 1.5;
/** A card that people look at is behind by so much at most, however rarely the job restarts. */
const MOST_BEHIND_MS = 300_000;
/** Well below the time for which what a cluster logged is kept (keep.ts): after a crash the incident must be found. */
export const LONG_AGO_MS = 3 * 3_600_000;
/** Of the log's bytes, one in so many is written. */
const LOG_SHARE = 100;
/** A job that failed for long is quiet after a longer time: this share of it. */
const QUIET_SHARE = 8;
const LEAST_QUIET_MS = 30_000;
const MOST_QUIET_MS = 3_600_000;

export function decideWrite(
  incident: Incident,
  print: IncidentPrint,
  written: WrittenIncident | undefined,
  { logBytes, now, quietMs }: WriteSituation,
): WriteDecision {
  if (written === undefined) return 'new';
  if (print.hash === written.hash) return 'known';
  if (print.card !== written.card) return 'card';
  if (print.size >= written.size * GROWN) return 'grown';
  if (now - written.at >= MOST_BEHIND_MS) return 'behind';
  if (print.last - written.last >= LONG_AGO_MS) return 'long-ago';
  if (logBytes - written.logBytes >= print.length * LOG_SHARE) return 'log-bears-it';
  const failedMs = print.last - (Date.parse(incident.firstSeen ?? '') || print.last);
  const isQuiet = quietMs >= Math.min(MOST_QUIET_MS, Math.max(LEAST_QUIET_MS, failedMs / QUIET_SHARE));
  return isQuiet ? 'quiet' : 'later';
}

/** What of a failing job's incident only grows; values of a rule have the same names. */
const GROWING: ReadonlySet<string> = new Set(['lastSeen', 'count', 'restarts', 'attempts']);

export function printIncident(incident: Incident): IncidentPrint {
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
