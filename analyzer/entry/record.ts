// The way from a document of the store to the entry that its file held. The service is given a reader where the stages
// are joined, and knows no document itself: what another shipper stores is read by a reader of its own.
import type { Entry, LogRecord } from '../../core/types.js';

export interface RecordReader<Stored> {
  /** Undefined for a document that holds no entry. */
  readEntry(stored: Stored): Entry | undefined;
}

/** For what our own agent stores: the same entry again. */
export const RECORD_READER: RecordReader<LogRecord> = { readEntry: readRecord };

/** Nobody's file is older: such a time stands for none. */
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
