import { describe, expect, it } from 'vitest';
import { NO_PROCESS_CONTEXT } from '../../flink/facts/process-context.js';
import { createRedactor } from './redact.js';
import { parseRecord, type RecordOrigin, type ParseContext } from './parse.js';

const JOB = 'b51463de41c88664886648ee7251a1a0';
const OTHER = 'c285992a0a65ff88ba94cd897750e04f';
const origin: RecordOrigin = {
  path: '/opt/flink/log/jm.log',
  kind: 'log',
  process: 'node-1:jm',
  host: 'node-1',
  cluster: 'shop',
  component: 'jobmanager',
  isUnnamed: false,
  named: {},
};

function parse(text: string, from: Partial<RecordOrigin> = {}) {
  const context: ParseContext = {
    origin: { ...origin, ...from },
    redact: createRedactor(),
    zone: 'UTC',
    previousTime: undefined,
    processContext: NO_PROCESS_CONTEXT,
    fileTime: 0,
    now: Date.UTC(2026, 10, 20, 12),
    detector: undefined,
  };
  const bytes = Buffer.from(text);
  return parseRecord({ bytes, offset: 0, length: bytes.length, line: 1, flags: [], cutBytes: 0 }, 'id', context).record;
}

const line = (logger: string, message: string): string =>
  `2026-11-20 10:00:00,000 INFO  org.apache.flink.${logger} [] - ${message}`;

describe('the job of a record', () => {
  it('is the one that the line is about, with its name', () => {
    const record = parse(
      line(
        'runtime.executiongraph.ExecutionGraph',
        `Job orders-enrichment (${JOB}) switched from state RUNNING to FAILING.`,
      ),
    );

    expect(record['flink.job.id']).toBe(JOB);
    expect(record['flink.job.name']).toBe('orders-enrichment');
  });

  it('comes from the path before the words of the line', () => {
    expect(
      parse(line('runtime.jobmaster.JobMaster', `Initializing job 'orders' (${OTHER}).`), { jobId: JOB })[
        'flink.job.id'
      ],
    ).toBe(JOB);
  });

  it('is unknown for a line about the process, and for a text that only quotes an id', () => {
    expect(parse(line('runtime.taskexecutor.TaskExecutor', 'Connecting to ResourceManager.'))).not.toHaveProperty([
      'flink.job.id',
    ]);
    expect(parse(`2026-11-20 10:00:00,000 INFO  com.acme.shop.Audit [] - customer ${JOB} was here`)).not.toHaveProperty(
      ['flink.job.id'],
    );
  });
});
