// Reads a record of the store back into the entry that its log file held: the same entry that the agent read, with
// the names of its file, process and cluster.
import type { Entry, LogRecord } from '../../core/types.js';

/**
 * Earliest time, in milliseconds since 1970, that is accepted as the time of a file. An earlier time means that the
 * time is unknown.
 */
const MIN_PLAUSIBLE_MS = Date.UTC(2000, 0);

export function readEntry(record: LogRecord): Entry {
  const time = Date.parse(record['@timestamp']);
  const isUndated = record['jobtrace.flags']?.includes('undated') === true || Number.isNaN(time);
  return {
    bytes: Buffer.from(record['event.original'], 'utf8'),
    source: {
      path: record['log.file.path'],
      kind: record['jobtrace.kind'],
      host: record['host.name'],
      cluster: record['flink.cluster'],
      process: record['jobtrace.process'],
      component: record['flink.component'],
      jobId: record['flink.job.id'],
    },
    offset: record['log.offset'],
    line: 0,
    id: record.id,
    ...(isUndated ? { fileTime: time >= MIN_PLAUSIBLE_MS ? time : undefined } : { time }),
    flags: record['jobtrace.flags'],
  };
}
