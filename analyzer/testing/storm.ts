// Builds many jobs that fail within a minute from recordings. Each copy has its own cluster, machine, job and time.
// Used by tests of platform incidents and by benches.
import type { LogRecord } from '../../core/types.js';
import { readRecording, toRecord } from './recording.js';

/** Recording, with its own job id and name, which each copy replaces. */
export interface StormSource {
  readonly path: string;
  readonly jobId: string;
  readonly jobName: string;
  /** Text → replacement, in every copy. */
  readonly replace?: Readonly<Record<string, string>>;
}

export interface StormCopy {
  readonly cluster: string;
  /** Number in the names of the copy. */
  readonly number: number;
  /** Time at which the recording begins in this copy. */
  readonly begin: number;
}

export const ZOOKEEPER_QUORUM = 'zk-1.example:2181,zk-2.example:2181';
/** Recording of a ZooKeeper that becomes unavailable under a job and comes back. */
export const ZOOKEEPER_OUTAGE: StormSource = {
  path: 'lab/recordings/cluster.zookeeper-suspended/frozen-quorum/1.20.5',
  jobId: 'dccefeb24e0f5c634a45cdf7dbbf075e',
  jobName: 'fraud-alerts',
  replace: { '127.0.0.1:30009': ZOOKEEPER_QUORUM },
};

/** Recording of a job that fails because of a value that its own code cannot handle. */
export const OWN_FAULT: StormSource = {
  path: 'lab/recordings/code.cast/attribute/1.20.5',
  jobId: '11ab3e603d414d4eb77b38a661d7af92',
  jobName: 'parcel-weights',
};

const STAMP = /^(\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d),(\d{3})/gm;

export function readStorm({ path }: StormSource): readonly LogRecord[] {
  return readRecording(path)
    .filter(({ source }) => source.component !== undefined)
    .map((entry) => toRecord(entry))
    .sort((a, b) => Date.parse(a['@timestamp']) - Date.parse(b['@timestamp']));
}

/** Copies the records as those of another job, on another cluster and machine, at another time. */
export function copyRecords(records: readonly LogRecord[], source: StormSource, copy: StormCopy): readonly LogRecord[] {
  const shift = copy.begin - Date.parse(records[0]?.['@timestamp'] ?? '');
  const host = `node-of-${copy.cluster}`;
  const names = Object.entries({
    ...source.replace,
    [source.jobId]: nameJobId(copy),
    [source.jobName]: nameJob(source, copy),
  });
  const rename = (text: string): string => names.reduce((all, [from, to]) => all.replaceAll(from, to), text);
  return records.map((record) => {
    const original = moveTimes(rename(record['event.original']), shift);
    return {
      ...record,
      id: `${copy.cluster}/${copy.number}/${record.id}`,
      '@timestamp': toIso(Date.parse(record['@timestamp']) + shift),
      message: rename(record.message),
      'event.original': original,
      'host.name': host,
      'flink.cluster': copy.cluster,
      'flink.job.id': record['flink.job.id'] === undefined ? undefined : nameJobId(copy),
      'jobtrace.process': `${host}/${record['jobtrace.process']}`,
      'jobtrace.length': Buffer.byteLength(original),
    };
  });
}

export function nameJob({ jobName }: StormSource, { number }: StormCopy): string {
  return `${jobName}-${number}`;
}

function nameJobId({ number }: StormCopy): string {
  return (0xabc0000 + number).toString(16).padStart(32, '0');
}

function moveTimes(text: string, shift: number): string {
  return text.replaceAll(STAMP, (_, day: string, time: string, millis: string) =>
    toIso(Date.parse(`${day}T${time}.${millis}Z`) + shift)
      .replace('T', ' ')
      .replace('.', ',')
      .replace('Z', ''),
  );
}

function toIso(time: number): string {
  return new Date(time).toISOString();
}
