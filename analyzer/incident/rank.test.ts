import { describe, expect, it } from 'vitest';
import type { Entry } from '../../core/types.js';
import { parseEntry } from '../../flink/layout/layout.js';
import { attemptA, JM, listRules, startTwoJobs, TM, TM_START } from '../testing/jobs.js';
import { JOB_A, makeCatalog, makeLog, readRecording, readWholeCatalog, TEST_RULES } from '../testing/samples.js';
import { diagnose } from './diagnose.js';

const catalog = makeCatalog(TEST_RULES);
/** Time two seconds after the checkpoint that could not be written. */
const JOB_FAILED = '2026-11-20T12:31:45Z';

describe('rankCauses', () => {
  it('puts the root of the chain first and its wrappers below', () => {
    const chain = [
      'org.apache.flink.runtime.JobException: Recovery is suppressed by NoRestartBackoffTimeStrategy',
      '\tat a.b.C.d(C.java:1)',
      'Caused by: org.apache.flink.util.FlinkRuntimeException: Exceeded checkpoint tolerable failure threshold.',
      '\tat a.b.C.d(C.java:2)',
      'Caused by: java.io.IOException: No space left on device',
      '\tat java.base/java.io.FileOutputStream.write(FileOutputStream.java:1)',
    ];

    const [incident] = diagnose(
      makeLog(JM, [
        ...startTwoJobs(),
        `10:05:01 INFO org.apache.flink.runtime.executiongraph.ExecutionGraph - Job orders (${JOB_A}) switched from state RUNNING to FAILED.`,
        ...chain,
      ]),
      catalog,
    );

    expect(listRules(incident)).toEqual([
      'cluster.disk-full/any',
      '- checkpoint.failure-threshold/any',
      '- restart.exhausted/any',
    ]);
  });

  it('names the TaskManager that was lost last, where another one was lost minutes before', () => {
    const lose = (time: string, name: string): readonly string[] => [
      `${time} INFO org.apache.flink.runtime.executiongraph.ExecutionGraph - Job orders (${JOB_A}) switched from state RUNNING to RESTARTING.`,
      `org.apache.flink.runtime.jobmaster.JobMasterException: TaskManager with id ${name}:40000-aaaaaa is no longer reachable.`,
      '\tat org.apache.flink.runtime.jobmaster.JobMaster$TaskManagerHeartbeatListener.notifyTargetUnreachable(JobMaster.java:1)',
    ];
    const titleOf = (next: string): string | undefined =>
      diagnose(
        makeLog(JM, [...startTwoJobs(), ...lose('10:05:00', 'tm-1'), ...lose(next, 'tm-2')]),
        readWholeCatalog(),
      )[0]?.diagnoses.en[0]?.title;

    expect(titleOf('10:05:01')).toBe('TaskManager tm-1:40000-aaaaaa was lost');
    expect(titleOf('10:12:00')).toBe('TaskManager tm-2:40000-aaaaaa was lost');
  });

  it('lets a symptom stand first when nothing explains it', () => {
    const chain = [
      'org.apache.flink.util.FlinkRuntimeException: Exceeded checkpoint tolerable failure threshold.',
      '\tat org.apache.flink.runtime.checkpoint.CheckpointFailureManager.checkFailureAgainstCounter(CheckpointFailureManager.java:1)',
    ];

    const [incident] = diagnose(
      makeLog(JM, [
        ...startTwoJobs(),
        `10:05:01 INFO org.apache.flink.runtime.executiongraph.ExecutionGraph - Job orders (${JOB_A}) switched from state RUNNING to FAILED.`,
        ...chain,
      ]),
      catalog,
    );

    expect(listRules(incident)).toEqual(['checkpoint.failure-threshold/any']);
    expect(incident?.unknown).toEqual([]);
  });

  it('names the user frame by the catch-all rule alone, and hides it beside a telling rule', () => {
    const userFrame = '\tat com.example.Enrich.map(Enrich.java:40) ~[job.jar:?]';
    const fail = (type: string): readonly Entry[] =>
      makeLog(TM, [
        `10:05:00 WARN org.apache.flink.runtime.taskmanager.Task - Map (1/1)#0 (${attemptA}) switched from RUNNING to FAILED with failure cause:`,
        type,
        userFrame,
      ]);

    expect(listRules(diagnose(fail('java.lang.NullPointerException: x'), catalog)[0])).toEqual([
      'code.user-exception/any',
    ]);
    expect(listRules(diagnose(fail('java.io.IOException: No space left on device'), catalog)[0])).toEqual([
      'cluster.disk-full/any',
    ]);
  });

  it('puts what is an incident by itself first, before anything failed by it and after', () => {
    const recording = readRecording('lab/recordings/checkpoint.async-failed/serializer-throws/1.20.5');
    const warned = recording.filter((entry) => (parseEntry(entry.bytes).time ?? 0) < Date.parse(JOB_FAILED));

    const [before] = diagnose(warned, readWholeCatalog());
    const [after] = diagnose(recording, readWholeCatalog());

    expect(before?.attempts.map(({ failedAt }) => failedAt)).toEqual([undefined]);
    expect(listRules(before)).toEqual(['checkpoint.async-failed/materialize', 'code.user-exception/own-code']);
    expect(listRules(after).slice(0, 2)).toEqual(listRules(before));
  });

  it('reports a failure that no rule names as unknown, once for all logs that print it', () => {
    const chain = [
      'java.lang.IllegalStateException: Unexpected thing 17',
      '\tat org.apache.flink.runtime.Something.run(Something.java:1)',
    ];
    const entries = [
      ...makeLog(JM, [
        ...startTwoJobs(),
        `10:05:01 INFO org.apache.flink.runtime.executiongraph.ExecutionGraph - Job orders (${JOB_A}) switched from state RUNNING to FAILED.`,
        'org.apache.flink.runtime.JobException: Recovery is suppressed by NoRestartBackoffTimeStrategy',
        '\tat org.apache.flink.runtime.executiongraph.failover.ExecutionFailureHandler.handleFailure(ExecutionFailureHandler.java:1)',
        `Caused by: ${chain[0] ?? ''}`,
        chain[1] ?? '',
      ]),
      ...makeLog(TM, [
        ...TM_START,
        `10:05:00 WARN org.apache.flink.runtime.taskmanager.Task - Map (1/1)#0 (${attemptA}) switched from RUNNING to FAILED with failure cause:`,
        ...chain,
      ]),
    ];

    const [incident, ...more] = diagnose(entries, catalog);

    expect(more).toEqual([]);
    expect(incident?.unknown).toMatchObject([
      { chain: ['java.lang.IllegalStateException'], count: 1, message: 'Unexpected thing 17' },
    ]);
    expect(listRules(incident)).toEqual(['- restart.exhausted/any']);
  });

  it('says nothing about a warning with a handled exception or a cancelled task', () => {
    const entries = makeLog(TM, [
      '10:05:00 WARN org.apache.kafka.clients.NetworkClient - Connection to node 1 could not be established',
      'java.net.ConnectException: Connection refused',
      '\tat java.base/sun.nio.ch.Net.pollConnect(Native Method)',
      `10:05:01 INFO org.apache.flink.runtime.taskmanager.Task - Map (1/1)#0 (${attemptA}) switched from RUNNING to FAILED with failure cause:`,
      'org.apache.flink.runtime.execution.CancelTaskException: Consumed partition was released',
      '\tat org.apache.flink.runtime.Something.run(Something.java:1)',
    ]);

    expect(diagnose(entries, catalog)).toEqual([]);
  });
});
