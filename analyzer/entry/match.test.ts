import { describe, expect, it } from 'vitest';
import { diagnose } from '../incident/diagnose.js';
import { makeCatalog, makeLog } from '../testing/samples.js';

const TM = 'log/flink-flink-taskexecutor-0-node-1.log';
const TASK =
  'org.apache.flink.runtime.taskmanager.Task - Map (1/1)#0 (11111111111111111111111111111111_90bea66de1c231edf33913ecd54406c1_0_0) switched from RUNNING to FAILED with failure cause:';
const OWN = '\tat com.acme.Enrich.map(Enrich.java:40) ~[job.jar:?]';
const FRAMEWORK =
  '\tat org.apache.flink.runtime.memory.MemoryManager.release(MemoryManager.java:1) ~[flink-dist-1.20.5.jar:1.20.5]';

function findRules(rule: string, lines: readonly string[]): readonly string[] {
  const catalog = makeCatalog({ 'kafka.auth/any': rule });
  return diagnose(makeLog(TM, lines), catalog).flatMap((incident) => incident.diagnoses.en.map((item) => item.rule));
}

describe('where.failure', () => {
  const rule =
    'match: [{ id: any, anchor: "Not authorized", where: { exception: IllegalStateException, failure: true } }]';
  const trace = ['java.lang.IllegalStateException: Not authorized', OWN];

  it('fits what ended a task', () => {
    expect(findRules(rule, [`10:00:00 WARN ${TASK}`, ...trace])).toEqual(['kafka.auth/any']);
  });

  it('does not fit a remark about an exception that somebody handled', () => {
    expect(findRules(rule, ['10:00:00 WARN com.acme.Enrich - Asking again.', ...trace])).toEqual([]);
  });
});

describe('where.level', () => {
  const trace = ['org.apache.flink.runtime.rpc.exceptions.RpcConnectionException: Could not connect', FRAMEWORK];
  const lines = (level: string): readonly string[] => [
    `10:00:00 ${level} org.apache.flink.runtime.taskexecutor.TaskExecutor - Could not resolve ResourceManager address a, retrying in 10000 ms.`,
    ...trace,
  ];
  const rule = (where: string): string =>
    `standsAlone: true\nmatch: [{ id: any, anchor: "RpcConnectionException: "${where} }]`;

  it('is above DEBUG where the form names none: what is said there was dealt with', () => {
    expect(findRules(rule(''), lines('INFO'))).toEqual(['kafka.auth/any']);
    expect(findRules(rule(''), lines('DEBUG'))).toEqual([]);
    expect(findRules(rule(''), lines('TRACE'))).toEqual([]);
  });

  it('may be DEBUG where the form asks for it', () => {
    expect(findRules(rule(', where: { level: [DEBUG] }'), lines('DEBUG'))).toEqual(['kafka.auth/any']);
  });
});

describe('where.thrownBy', () => {
  const rule = 'match: [{ id: any, anchor: " to FAILED", where: { thrownBy: [user-code] } }]';

  it('fits an exception of the own code, also when a library of its own threw it', () => {
    const library = '\tat com.google.common.base.Preconditions.checkState(Preconditions.java:1) ~[job.jar:?]';

    expect(findRules(rule, [`10:00:00 WARN ${TASK}`, 'java.lang.IllegalStateException: x', library, OWN])).toEqual([
      'kafka.auth/any',
    ]);
  });

  it('does not fit what the client library of an outside system threw', () => {
    const client =
      '\tat org.tikv.common.operation.iterator.ScanIterator.cacheLoadFails(ScanIterator.java:124) ~[job.jar:?]';

    expect(
      findRules(rule, [`10:00:00 WARN ${TASK}`, 'org.tikv.common.exception.TiClientInternalException: x', client]),
    ).toEqual([]);
  });

  it('fits a package by the topmost frame that is not neutral, and not by the ones below', () => {
    const network = rule.replace('user-code', 'org.apache.flink.runtime.io.');
    const log = (...frames: readonly string[]): string[] => [
      `10:00:00 WARN ${TASK}`,
      'java.lang.IllegalStateException: x',
      ...frames,
    ];
    const gate = '\tat org.apache.flink.runtime.io.network.Gate.take(Gate.java:1) ~[flink-dist.jar:?]';
    const neutral = '\tat org.apache.flink.util.Preconditions.checkState(Preconditions.java:1) ~[flink-dist.jar:?]';

    expect(findRules(network, log(neutral, gate, OWN))).toEqual(['kafka.auth/any']);
    expect(findRules(network, log(OWN, gate))).toEqual([]);
    expect(findRules(network, log(FRAMEWORK, gate))).toEqual([]);
  });

  it("does not fit Flink's own exception that went through the own code", () => {
    expect(findRules(rule, [`10:00:00 WARN ${TASK}`, 'java.lang.IllegalStateException: x', FRAMEWORK, OWN])).toEqual(
      [],
    );
  });
});

describe('same', () => {
  const rule =
    'match: [{ id: any, anchor: " cannot be cast to ", where: { exception: ClassCastException }, regex: "(?P<cls>[\\\\w.]+) cannot be cast to (?P<other>[\\\\w.]+)", same: [cls, other] }]\ncaptures: { cls: class, other: class }';
  const thrown = (message: string): readonly string[] =>
    findRules(rule, [`10:00:00 WARN ${TASK}`, `java.lang.ClassCastException: ${message}`, OWN]);

  it('fits when both groups hold the same text', () => {
    expect(thrown('com.acme.Event cannot be cast to com.acme.Event')).toEqual(['kafka.auth/any']);
  });

  it('does not fit two texts', () => {
    expect(thrown('com.acme.Event cannot be cast to com.acme.Order')).toEqual([]);
  });
});
