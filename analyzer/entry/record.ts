// Reads a document of the store back into the entry that its log file held. The service receives a reader and knows no
// document format itself, so that documents of another log shipper need only a reader of their own.
import type { Entry, LogRecord } from '../../core/types.js';

export interface RecordReader<Stored> {
  /** Returns undefined for a document that holds no entry. */
  readEntry(stored: Stored): Entry | undefined;
}

/** Reader of the documents that our own agent stores. It returns the same entry that the agent read. */
export const RECORD_READER: RecordReader<LogRecord> = { readEntry: readRecord };

/**
 * Earliest time, in milliseconds since 1970, that is accepted as the time of a file. An earlier time means that the
 * time is unknown.
 */
const BELIEVABLE = Date.UTC(2000, 0);

function readRecord(record: LogRecord): Entry {
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
    ...(isUndated ? { fileTime: time >= BELIEVABLE ? time : undefined } : { time }),
    flags: record['jobtrace.flags'],
  };
}
