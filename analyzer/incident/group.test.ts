import { describe, expect, it } from 'vitest';
import { diagnose } from './diagnose.js';
import { attemptA, attemptB, JM, listRules, startTwoJobs, TM, TM_START } from '../testing/jobs.js';
import {
  makeCatalog,
  makeLog,
  JOB_A,
  JOB_B,
  readRecording,
  readWholeCatalog,
  shuffle,
  TEST_RULES,
} from '../testing/samples.js';
import type { Entry } from '../../core/types.js';

const catalog = makeCatalog(TEST_RULES);
function startTask(): readonly string[] {
  return [
    `10:00:02 INFO org.apache.flink.runtime.taskexecutor.TaskExecutor - Received task Map (1/1)#0 (${attemptA}), deploy into slot with allocation id 0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a.`,
  ];
}

const DISK = [
  'java.io.IOException: No space left on device',
  '\tat org.apache.flink.core.fs.FileSystem.write(FileSystem.java:1) ~[flink-dist-1.20.1.jar:1.20.1]',
];

function failTask(time: string, attempt: string): readonly string[] {
  return [
    `${time} WARN org.apache.flink.runtime.taskmanager.Task - Map (1/1)#0 (${attempt}) switched from RUNNING to FAILED with failure cause:`,
    ...DISK,
  ];
}

function failJob(time: string, name: string, job: string, to: string): readonly string[] {
  return [
    `${time} INFO org.apache.flink.runtime.executiongraph.ExecutionGraph - Job ${name} (${job}) switched from state RUNNING to ${to}.`,
    ...DISK,
  ];
}

describe('groupIncidents', () => {
  it('gives a failure to the job whose attempt the line names and leaves its neighbour clean', () => {
    const entries = [
      ...makeLog(JM, [...startTwoJobs(), ...failJob('10:05:01', 'orders', JOB_A, 'RESTARTING')]),
      ...makeLog(TM, [...TM_START, ...failTask('10:05:00', attemptA)]),
    ];

    const incidents = diagnose(entries, catalog);

    expect(incidents.map((incident) => [incident.job?.name, ...listRules(incident)])).toEqual([
      ['orders', 'cluster.disk-full/any'],
    ]);
    expect(incidents[0]?.diagnoses.en[0]?.count).toBe(1);
  });

  it('has one id whether the JobManager has told of the first run or not, and another for a later run', () => {
    const told = makeLog(JM, [
      ...startTwoJobs(),
      ...failJob('10:05:01', 'orders', JOB_A, 'RESTARTING'),
      `10:05:02 INFO org.apache.flink.runtime.executiongraph.ExecutionGraph - Job orders (${JOB_A}) switched from state RESTARTING to RUNNING.`,
    ]);
    const failed = makeLog(TM, [...TM_START, ...startTask(), ...failTask('10:05:00', attemptA)]);
    const failedAgain = makeLog(TM, [...TM_START, ...startTask(), ...failTask('11:05:00', attemptA)]);
    const idsOf = (entries: readonly Entry[]): readonly string[] => diagnose(entries, catalog).map(({ id }) => id);

    const [id] = idsOf(failed);

    expect(idsOf([...told, ...failed])).toEqual([id]);
    expect(idsOf([...told, ...failedAgain])).toEqual([id, expect.not.stringMatching(id ?? '')]);
  });

  it('knows the job of an attempt from the slots when the JobManager says nothing about it', () => {
    const entries = makeLog(TM, [
      ...TM_START,
      `10:00:02 INFO org.apache.flink.runtime.taskexecutor.TaskExecutor - Received task Map (1/1)#0 (${attemptB}), deploy into slot with allocation id 0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b.`,
      ...failTask('10:05:00', attemptB),
    ]);

    expect(diagnose(entries, catalog).map((incident) => incident.job?.id)).toEqual([JOB_B]);
  });

  it('does not lay a failure on the only job whose slots a cut log still shows, when another job says that it failed by it', () => {
    const other = '33333333333333333333333333333333_90bea66de1c231edf33913ecd54406c1_0_0';
    const entries = [
      ...makeLog(JM, [...startTwoJobs(), ...failJob('10:05:01', 'invoices', JOB_B, 'FAILED')]),
      ...makeLog(TM, [
        ...TM_START.slice(0, 2),
        ...failTask('10:05:00', other).map((line) => line.replace('Map (1/1)', 'Join (1/1)')),
      ]),
    ];

    expect(
      diagnose(entries, catalog).map((incident) => [
        incident.job?.name,
        incident.processes.length,
        ...listRules(incident),
      ]),
    ).toEqual([['invoices', 2, 'cluster.disk-full/any']]);
  });

  it('joins the restarts of a job into one incident and counts them', () => {
    const lines = [1, 2, 3].flatMap((round) => [
      ...failJob(`10:0${round}:00`, 'orders', JOB_A, 'RESTARTING'),
      `10:0${round}:10 INFO org.apache.flink.runtime.executiongraph.ExecutionGraph - Job orders (${JOB_A}) switched from state RESTARTING to RUNNING.`,
    ]);

    const [incident, ...more] = diagnose(makeLog(JM, [...startTwoJobs(), ...lines]), catalog);

    expect(more).toEqual([]);
    expect(incident).toMatchObject({
      restarts: 3,
      outcome: 'failing',
      firstSeen: '2026-03-02T10:01:00.000Z',
      lastSeen: '2026-03-02T10:03:00.000Z',
    });
    expect(incident?.attempts.map((attempt) => attempt.rules)).toEqual([
      ['cluster.disk-full/any'],
      ['cluster.disk-full/any'],
      ['cluster.disk-full/any'],
    ]);
  });

  it('begins another incident after the job ran healthy for a while, and the first one is recovered', () => {
    const lines = [
      ...failJob('10:01:00', 'orders', JOB_A, 'RESTARTING'),
      `10:01:10 INFO org.apache.flink.runtime.executiongraph.ExecutionGraph - Job orders (${JOB_A}) switched from state RESTARTING to RUNNING.`,
      ...failJob('11:30:00', 'orders', JOB_A, 'FAILED'),
    ];

    const incidents = diagnose(makeLog(JM, [...startTwoJobs(), ...lines]), catalog);

    expect(incidents.map((incident) => [incident.outcome, incident.restarts])).toEqual([
      ['recovered', 1],
      ['failed', 0],
    ]);
    expect(new Set(incidents.map((incident) => incident.id)).size).toBe(2);
  });

  it('joins failures over a long wait for slots, in which the job did not run', () => {
    const lines = [
      ...failJob('10:01:00', 'orders', JOB_A, 'RESTARTING'),
      `10:31:00 INFO org.apache.flink.runtime.executiongraph.ExecutionGraph - Job orders (${JOB_A}) switched from state RESTARTING to RUNNING.`,
      ...failJob('10:31:20', 'orders', JOB_A, 'FAILED'),
    ];

    expect(diagnose(makeLog(JM, [...startTwoJobs(), ...lines]), catalog)).toHaveLength(1);
  });

  it('draws a job with tasks on a dead process into the incident, and no other job', () => {
    const other = 'log/flink-flink-taskexecutor-1-node-2.log';
    const lost = [
      "org.apache.flink.runtime.io.network.netty.exception.RemoteTransportException: Connection unexpectedly closed by remote task manager 'node-1/10.0.0.1:41027 [ tm-1:40000-aaaaaa ] '. This might indicate that the remote task manager was lost.",
      '\tat org.apache.flink.runtime.io.network.netty.CreditBasedPartitionRequestClientHandler.channelInactive(CreditBasedPartitionRequestClientHandler.java:1)',
    ];
    const entries = [
      ...makeLog(JM, [
        ...startTwoJobs(),
        `10:05:02 INFO org.apache.flink.runtime.executiongraph.ExecutionGraph - Job orders (${JOB_A}) switched from state RUNNING to RESTARTING.`,
        ...lost,
      ]),
      ...makeLog(TM, [...TM_START, '10:04:59 INFO com.example.Progress - 4711 orders read']),
      ...makeLog(other, [
        '10:00:00 INFO org.apache.flink.runtime.taskexecutor.TaskManagerRunner - Starting TaskManager with ResourceID: tm-2:40000-bbbbbb',
      ]),
    ];

    const incidents = diagnose(entries, catalog);

    expect(incidents.map((incident) => [incident.job?.name, ...listRules(incident)])).toEqual([
      ['orders', 'cluster.taskmanager-lost/closed'],
    ]);
    expect(incidents[0]?.diagnoses.en[0]?.title).toMatch(
      /^TaskManager tm-1:40000-aaaaaa was lost \(none\); its last line: .*4711 orders read$/,
    );
  });

  it.each([
    ['none', []],
    [
      'shutdown',
      [
        '10:05:00 INFO org.apache.flink.runtime.state.TaskExecutorLocalStateStoresManager - Shutting down TaskExecutorLocalStateStoresManager.',
      ],
    ],
    [
      'signal',
      [
        '10:04:59 INFO org.apache.flink.runtime.taskexecutor.TaskManagerRunner - RECEIVED SIGNAL 15: SIGTERM. Shutting down as requested.',
        '10:05:00 INFO org.apache.flink.runtime.state.TaskExecutorLocalStateStoresManager - Shutting down TaskExecutorLocalStateStoresManager.',
      ],
    ],
    [
      'exit',
      [
        '10:05:00 INFO org.apache.flink.runtime.state.TaskExecutorLocalStateStoresManager - Shutting down TaskExecutorLocalStateStoresManager.',
        '10:05:00 INFO org.apache.flink.runtime.taskexecutor.TaskManagerRunner - Terminating TaskManagerRunner with exit code 1.',
      ],
    ],
  ])('tells how the lost process ended by its own log: %s', (end, lines) => {
    const lost = `10:05:02 INFO org.apache.flink.runtime.executiongraph.ExecutionGraph - Job orders (${JOB_A}) switched from state RUNNING to RESTARTING.`;
    const trace = [
      'org.apache.flink.runtime.jobmaster.JobMasterException: TaskManager with id tm-1:40000-aaaaaa is no longer reachable.',
      '\tat org.apache.flink.runtime.jobmaster.JobMaster.a(JobMaster.java:1)',
    ];

    const [incident] = diagnose(
      [...makeLog(JM, [...startTwoJobs(), lost, ...trace]), ...makeLog(TM, [...TM_START, ...lines])],
      catalog,
    );

    expect(incident?.diagnoses.en[0]?.title).toContain(`was lost (${end})`);
  });

  it('finds the cause of a lost TaskManager in its .out file', () => {
    const [incident, ...more] = diagnose(readRecording('lab/recordings/memory.heap-oom/out-file-only/1.20.5'), catalog);

    expect(more).toEqual([]);
    expect(listRules(incident)).toEqual([
      'memory.heap-oom/any',
      '- cluster.taskmanager-lost/closed',
      '- restart.exhausted/any',
    ]);
    expect(incident?.diagnoses.en[0]?.explains).toContain('cluster.taskmanager-lost');
    expect(incident?.unknown).toEqual([]);
  });

  it('gives the same incidents in any order and when entries come twice', () => {
    const entries: readonly Entry[] = [
      ...readRecording('lab/recordings/memory.heap-oom/out-file-only/1.20.5'),
      ...readRecording('lab/recordings/code.user-exception/null-pointer/1.20.5'),
    ].map((entry) => ({
      ...entry,
      source: { ...entry.source, cluster: entry.source.path.includes('heap-oom') ? 'a' : 'b' },
    }));
    const expected = diagnose(entries, catalog);

    for (const seed of [1, 2, 3, 4])
      expect(diagnose(shuffle([...entries, ...entries.slice(50, 300)], seed), catalog)).toEqual(expected);
    expect(expected).toHaveLength(2);
  });
});

describe('the id of a failure without a job', () => {
  const fail = (time: string): readonly string[] => [
    `${time} ERROR org.apache.flink.client.cli.CliFrontend - Error while running the command.`,
    'java.io.IOException: No space left on device',
    '\tat com.example.Main.main(Main.java:1)',
  ];
  const idsOf = (lines: readonly string[], file: string): readonly string[] =>
    diagnose(makeLog(file, lines), catalog).map(({ id }) => id);

  it('stays when lines that come late move its first time', () => {
    const client = 'log/flink-u-client-h.log';
    const [id] = idsOf(fail('10:05:07'), client);

    expect(id).toBeDefined();
    expect(idsOf([...fail('10:04:59'), ...fail('10:05:07')], client)).toEqual([id]);
  });

  it('is another one for another failure of the same run', () => {
    const ids = idsOf([...fail('10:05:00'), ...fail('10:35:00'), ...fail('11:35:00')], 'log/flink-u-client-h.log');

    expect(new Set(ids).size).toBe(3);
  });
});

describe('the id of a failure that a client alone tells of', () => {
  const recording = readRecording('lab/recordings/checkpoint.storage-failed/denied/1.20.5');

  it('is one whether the JobManager has told which job that is or not', () => {
    const ofClient = recording.filter(({ source }) => source.component === 'client');

    const [alone] = diagnose(ofClient, readWholeCatalog());
    const [whole] = diagnose(recording, readWholeCatalog());

    expect([alone?.job, whole?.job?.id]).toEqual([undefined, '4d6e3ccaa6b4972ce9a144ee27afae25']);
    expect(whole?.id).toBe(alone?.id);
  });
});

describe('a task of a name that an earlier job had too', () => {
  const runs = [
    `10:00:01 INFO org.apache.flink.runtime.executiongraph.ExecutionGraph - Job orders (${JOB_A}) switched from state CREATED to RUNNING.`,
    `10:03:00 INFO org.apache.flink.runtime.executiongraph.ExecutionGraph - Job orders (${JOB_A}) switched from state RUNNING to FINISHED.`,
    `10:04:00 INFO org.apache.flink.runtime.executiongraph.ExecutionGraph - Job orders (${JOB_B}) switched from state CREATED to RUNNING.`,
  ];
  const failed = makeLog(TM, [...TM_START.slice(0, 2), ...startTask(), ...failTask('10:05:00', attemptB)]);
  const told = makeLog(JM, [...runs, ...failJob('10:05:01', 'orders', JOB_B, 'RESTARTING')]);
  const namesOf = (entries: readonly Entry[], context = {}): readonly (string | undefined)[] =>
    diagnose(entries, catalog, context).map(({ job, process }) => job?.id ?? process);

  it('is not that of the job that had ended', () => {
    expect(namesOf([...told, ...failed])).toEqual([JOB_B]);
    expect(namesOf([...makeLog(JM, runs), ...failed])).not.toContain(JOB_A);
  });

  it('is not that of the only job known so far, where a client fails to submit another one', () => {
    const client = makeLog('log/flink-flink-client-node-1.log', [
      '10:06:00 ERROR org.apache.flink.client.cli.CliFrontend - Error while running the command.',
      'org.apache.flink.client.program.ProgramInvocationException: The main method caused an error: No operators defined',
      '\tat org.apache.flink.client.program.PackagedProgram.callMainMethod(PackagedProgram.java:1)',
    ]);
    const running = makeLog(TM, [...TM_START.slice(0, 2), ...startTask()]);

    expect(namesOf([...running, ...client])).toEqual([expect.stringContaining('flink-flink-client-node-1')]);
  });

  it('waits for the lines that tell whose it is, in the service', () => {
    const at = { settleMs: 30_000, now: Date.parse('2026-03-02T10:05:02Z') };

    expect(namesOf(failed, at)).toEqual([]);
    expect(namesOf([...told, ...failed], at)).toEqual([JOB_B]);
  });

  describe('whose JobManager, or TaskManager, tells which jobs it has', () => {
    const at = { settleMs: 30_000, now: Date.parse('2026-03-02T10:05:02Z') };
    const started =
      '10:00:00 INFO org.apache.flink.runtime.entrypoint.ClusterEntrypoint -  Starting StandaloneSessionClusterEntrypoint (Version: 1.20.1, Scala: 2.12)';
    const failedInGraph = [
      `10:05:00 INFO org.apache.flink.runtime.executiongraph.ExecutionGraph - Map (1/1) (${attemptB}) switched from SCHEDULED to FAILED on [unassigned resource].`,
      ...DISK,
    ];

    it('is at once of the only one that the JobManager had then', () => {
      expect(namesOf(makeLog(JM, [started, ...runs, ...failedInGraph]), at)).toEqual([JOB_B]);
    });

    it('makes a task of a TaskManager that job’s, too', () => {
      expect(namesOf([...makeLog(JM, [started, ...runs, ...failedInGraph]), ...failed], at)).toEqual([JOB_B]);
    });

    it('waits where the JobManager had two, or where its log does not reach back to its start', () => {
      const [first = '', , second = ''] = runs;

      expect(namesOf(makeLog(JM, [started, first, second, ...failedInGraph]), at)).toEqual([]);
      expect(namesOf(makeLog(JM, [...runs, ...failedInGraph]), at)).toEqual([]);
    });

    it('is not of a job that its TaskManager had let go', () => {
      const letGo = `10:03:00 INFO org.apache.flink.runtime.taskexecutor.DefaultJobLeaderService - Remove job ${JOB_A} from job leader monitoring.`;
      const complaint = ['10:05:00 WARN com.example.Restore - Cannot restore', ...DISK];
      const lines = [...TM_START.slice(0, 2), ...startTask()];

      expect(namesOf(makeLog(TM, [...lines, letGo, ...complaint, ...failTask('10:05:00', attemptB)]), at)).toEqual([]);
      expect(namesOf(makeLog(TM, [...lines, ...failTask('10:05:00', attemptA)]), at)).toEqual([JOB_A]);
    });
  });
});
