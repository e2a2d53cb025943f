import { describe, expect, it } from 'vitest';
import { causesOf } from '../testing/verdict.js';

const WAITING = `"Source: orders -> parse (1/2)#0" Id=71 WAITING on java.util.concurrent.CompletableFuture$Signaller@56d13c31
\tat java.base@11.0.20/jdk.internal.misc.Unsafe.park(Native Method)
\t-  waiting on java.util.concurrent.CompletableFuture$Signaller@56d13c31
\tat java.base@11.0.20/java.util.concurrent.CompletableFuture.get(CompletableFuture.java:1998)
\tat app//org.apache.flink.runtime.io.network.buffer.LocalBufferPool.requestMemorySegmentBlocking(LocalBufferPool.java:378)
\tat app//org.apache.flink.runtime.io.network.buffer.LocalBufferPool.requestBufferBuilderBlocking(LocalBufferPool.java:350)
\t...

`;
const IDLE = `"enrich -> Sink: out (1/1)#0" Id=75 WAITING on java.util.concurrent.locks.AbstractQueuedSynchronizer$ConditionObject@4a6c18ad
\tat java.base@11.0.20/jdk.internal.misc.Unsafe.park(Native Method)
\tat app//org.apache.flink.streaming.runtime.tasks.mailbox.TaskMailboxImpl.take(TaskMailboxImpl.java:149)

`;
const LOCKED = (name: string, id: number, owner: string, ownerId: number): string =>
  `"${name}" Id=${id} BLOCKED on com.example.Cache@1f owned by "${owner}" Id=${ownerId}\n\tat app//com.example.Cache.get(Cache.java:40)\n\t-  blocked on com.example.Cache@1f\n\n`;

function answer(...infos: readonly string[]): string {
  return JSON.stringify({
    threadInfos: infos.map((info) => ({ threadName: /"(.*?)"/.exec(info)?.[1], stringifiedThreadInfo: info })),
  });
}

describe("Flink's thread dump", () => {
  it('shows tasks that wait for network buffers', () => {
    const { diagnoses, unknown } = causesOf(
      answer(WAITING, IDLE, WAITING.replace('(1/2)', '(2/2)')),
      'thread-dump.json',
    );

    expect(diagnoses.map((item) => item.rule)).toEqual(['network.buffer-starvation/waiting']);
    expect(diagnoses[0]?.values).toMatchObject({ waiting: '2', all: '3' });
    expect(diagnoses[0]?.evidence[0]?.text).toContain('LocalBufferPool.requestMemorySegmentBlocking');
    expect(unknown).toEqual([]);
  });

  it('shows threads that wait for each other', () => {
    const { diagnoses } = causesOf(
      answer(
        IDLE,
        LOCKED('a (1/1)#0', 1, 'b', 2),
        LOCKED('b', 2, 'c', 3),
        LOCKED('c', 3, 'a (1/1)#0', 1),
        LOCKED('outside', 4, 'b', 2),
      ),
    );

    expect(diagnoses.map((item) => item.cause)).toEqual(['code.deadlock']);
    expect(diagnoses[0]?.values).toMatchObject({ threads: '3', who: 'a (1/1)#0, b, c' });
  });

  it('is known by its end, the threads that wait for each other, when no more was copied', () => {
    const lock = (name: string, owner: string): string =>
      `"${name}":\n  waiting to lock monitor 0x00007f1c3c003b00 (object 0x00000000ec7b1d20, a com.example.Cache),\n  which is held by "${owner}"\n`;
    const { diagnoses } = causesOf(
      `Found one Java-level deadlock:\n=============================\n${lock('a', 'b')}${lock('b', 'a')}\nFound 1 deadlock.\n`,
    );

    expect(diagnoses.map((item) => item.cause)).toEqual(['code.deadlock']);
    expect(diagnoses[0]?.values).toMatchObject({ threads: '2', who: 'a, b' });
  });

  it('of a process that works is silent', () => {
    expect(causesOf(answer(IDLE, LOCKED('a', 1, 'b', 2)))).toMatchObject({ diagnoses: [], unknown: [] });
    expect(causesOf('{"threadInfos":[{"threadName":"main","stringifiedThreadInfo":"cut')).toMatchObject({
      diagnoses: [],
      unknown: [],
    });
  });
});
