// Records and incidents for the tests of the stores, and functions that append records and wait with a deadline. Only
// tests import it.
import { setTimeout as sleep } from 'node:timers/promises';
import type { Incident } from '../../core/documents/incident.js';
import type { Component, Level, LogRecord } from '../../core/types.js';
import { encodeRecords } from '../encode.js';
import type { AppendOutcome, RecordSink } from '../store.js';

export interface SampleOptions {
  readonly text?: string;
  readonly time?: string;
  readonly host?: string;
  readonly path?: string;
  readonly cluster?: string;
  readonly level?: Level;
  readonly logger?: string;
  readonly job?: readonly [id: string, name: string];
  readonly component?: Component;
  readonly resource?: string;
  /** Classes of the exceptions, from the outside in. */
  readonly error?: readonly string[];
  readonly signal?: string;
}

/** Returns entry number n of a file: it is at offset 1000·n and was written n seconds after ten. */
export function makeRecord(number: number, options: SampleOptions = {}): LogRecord {
  const host = options.host ?? 'h1';
  const path = options.path ?? '/logs/tm.log';
  const text = options.text ?? `entry number ${number}`;
  const type = options.error?.[0];
  return {
    id: `${host}:${path}:${String(number * 1000).padStart(16, '0')}`,
    '@timestamp': options.time ?? new Date(Date.parse('2026-11-20T10:00:00.000Z') + number * 1000).toISOString(),
    message: text.split('\n')[0] ?? '',
    'event.original': text,
    'log.file.path': path,
    'log.offset': number * 1000,
    'host.name': host,
    'flink.cluster': options.cluster ?? 'session-1',
    'jobtrace.process': `${host}-tm`,
    'jobtrace.kind': 'log',
    'jobtrace.layout': 'flink',
    'jobtrace.length': Buffer.byteLength(text),
    'log.level': options.level,
    'log.logger': options.logger,
    'flink.job.id': options.job === undefined ? undefined : options.job[0],
    'flink.job.name': options.job === undefined ? undefined : options.job[1],
    'flink.component': options.component,
    'flink.process.id': options.resource,
    'jobtrace.signal': options.signal,
    ...(options.error === undefined || type === undefined ? {} : { 'error.type': type, 'flink.chain': options.error }),
  };
}

/** Encodes the records as the store wants them, and appends them. */
export function appendRecords(store: RecordSink, records: readonly LogRecord[]): Promise<readonly AppendOutcome[]> {
  return store.append(encodeRecords(store.encoding, records));
}

export function makeIncident(
  id: string,
  more: Partial<Incident> & { readonly diagnosis?: string; readonly group?: string } = {},
): Incident {
  const { diagnosis, group, ...fields } = more;
  const unknown: Incident['unknown'] =
    diagnosis === undefined && group === undefined
      ? []
      : [
          {
            fingerprint: 'f',
            group: group === undefined ? undefined : { id: group, type: 'a.B', message: 'm *' },
            chain: ['a.B'],
            message: diagnosis ?? 'm 1',
            owner: 'user-code',
            count: 1,
            evidence: [],
          },
        ];
  return {
    id,
    cluster: 'session-1',
    processes: ['h1-tm'],
    firstSeen: '2026-11-20T10:00:00.000Z',
    lastSeen: '2026-11-20T10:00:00.000Z',
    outcome: 'failing',
    restarts: 0,
    attempts: [],
    diagnoses: { en: [], zh: [] },
    unknown,
    facts: {},
    ...fields,
  };
}

/** Polls until `check` returns true. Any other result is what was seen last. */
export async function waitUntil(
  what: string,
  check: () => Promise<boolean | string>,
  deadlineMs = 20_000,
): Promise<void> {
  const end = Date.now() + deadlineMs;
  for (;;) {
    const seen = await check();
    if (seen === true) return;
    if (Date.now() > end) throw new Error(`${what}: not within ${deadlineMs} ms; last seen: ${String(seen)}`);
    await sleep(50);
  }
}
