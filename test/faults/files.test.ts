// Tests the faults of files and places that no test next to the agent's sources shows: containers, a mount that
// disappears and returns, a day of rotations, losses that are counted. Real files, an agent that is stepped by hand,
// and a store in memory.
import {
  appendFileSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterEach, describe, expect, it } from 'vitest';
import { parseLog, renderLine } from '../../agent/checkpoint/checkpoint.js';
import { createFormSplitter } from '../../flink/layout/form.js';
import type { Store } from '../../store/store.js';
import { expected, line, lines, openAgentFixture, type AgentFixture, type FixtureOptions } from '../agent-fixture.js';

const MINUTE_MS = 60_000;

let fixture: AgentFixture | undefined;
afterEach(async () => {
  await fixture?.close();
  fixture = undefined;
});

function open(options: FixtureOptions = {}): AgentFixture {
  fixture = openAgentFixture(options);
  return fixture;
}

function busy(store: Store, isBusy: () => boolean): Store {
  return {
    ...store,
    append: (batch) =>
      isBusy() ? Promise.resolve(batch.lengths.map(() => ({ kind: 'retry', error: '429' }))) : store.append(batch),
  };
}

/** Renders lines of a container's log file in CRI's format. */
function cri(text: string, stream = 'stdout', tag = 'F'): string {
  return text
    .trimEnd()
    .split('\n')
    .map((item) => `2026-05-01T10:00:00.000000001Z ${stream} ${tag} ${item}\n`)
    .join('');
}

describe('containers', () => {
  it('F18: follows the log of a pod through link, rotation and compression until the pod is deleted', async () => {
    const { logs, folder, poll, texts, counter, conditions, restart } = open();
    restart({ linksInto: [join(folder, 'pods')] });
    const container = join(folder, 'pods', 'shop_jobmanager-1_0a1b', 'main');
    const log = join(container, '0.log');
    mkdirSync(container, { recursive: true });
    writeFileSync(log, cri(lines(0, 5)));
    symlinkSync(log, join(logs, 'jobmanager-1_shop_main-0a1b.log'));
    await poll(2);

    appendFileSync(log, cri(lines(5, 8)));
    renameSync(log, `${log}.20260501-100000`);
    writeFileSync(log, cri(lines(8, 10)));
    await poll(2);
    writeFileSync(`${log}.20260501-100000.gz`, gzipSync(cri(lines(0, 8))));
    unlinkSync(`${log}.20260501-100000`);
    appendFileSync(log, cri(lines(10, 12)));
    await poll(1, 100);
    appendFileSync(log, cri(lines(12, 13)));
    unlinkSync(join(logs, 'jobmanager-1_shop_main-0a1b.log'));
    rmSync(join(folder, 'pods'), { recursive: true });
    await poll(5, MINUTE_MS);

    expect((await texts()).sort()).toEqual(expected(0, 13).map((text) => cri(text).trimEnd()));
    expect(counter('lostBytes')).toBe(0);
    expect(conditions()).toEqual([]);
  });

  it('F19: puts the pieces of a long line together, and a long trace whose lines come one by one, each stream by itself', async () => {
    const { logs, poll, records } = open();
    const long = `${line(0)} ${'x'.repeat(300 * 1024)}`;
    const pieces = long.match(/.{1,16384}/gs) ?? [];
    const trace = ['java.lang.Error: e', ...Array.from({ length: 60 }, (_, at) => `\tat a.B.c(B.java:${at})`)];
    const log = join(logs, '0.log');
    writeFileSync(log, '');
    for (const [at, piece] of pieces.entries()) {
      appendFileSync(log, cri(piece, 'stdout', at === pieces.length - 1 ? 'F' : 'P'));
      if (at === 5) appendFileSync(log, cri('warning 1', 'stderr'));
      if (at % 7 === 0) await poll(1, 100);
    }
    appendFileSync(log, cri([line(1), ...trace.slice(0, 20)].join('\n')));
    appendFileSync(log, cri(`warning 2\n${trace.slice(0, 9).join('\n')}`, 'stderr'));
    appendFileSync(log, cri([...trace.slice(20), line(2)].join('\n')));
    await poll(3);

    const found = (await records()).sort((a, b) => a['log.offset'] - b['log.offset']);
    expect(found.map((record) => record.message.slice(0, 30))).toEqual([
      `event 0 ${'x'.repeat(22)}`,
      'warning 1',
      'event 1',
      'warning 2',
      'java.lang.Error: e',
      'event 2',
    ]);
    expect(found[0]?.message).toHaveLength(8 + 300 * 1024);
    expect(found[2]?.['error.stack_trace']?.split('\n')).toHaveLength(trace.length);
    expect(found[4]?.['error.stack_trace']?.split('\n')).toHaveLength(9);
  });

  it('are read alike when the agent is killed at any place between the lines of both streams', async () => {
    for (let seed = 1; seed <= 12; seed += 1) {
      let isRefused = false;
      const { logs, poll, records, restart, counter, close } = open({
        quantumBytes: 300,
        wrap: (store) => busy(store, () => isRefused),
      });
      const log = join(logs, '0.log');
      const written = writeBoth(seed);
      let kills = 0;
      for (const [at, text] of written.entries()) {
        isRefused = (seed * at) % 11 < 3;
        appendFileSync(log, text);
        // Sometimes the agent has the time to ship the open entry.
        if ((seed + at) % 3 === 0) await poll(1, at % 2 === 0 ? 10 : 3000);
        if ((seed * 7 + at) % 5 !== 0) continue;
        restart();
        kills += 1;
      }
      isRefused = false;
      await poll(6);

      const splitter = createFormSplitter({ kind: 'log', form: 'streams' });
      const bytes = Buffer.from(written.join(''));
      const entries = [...splitter.push(bytes), ...splitter.flush()].map((entry) => entry.bytes.toString());
      const found = (await records()).sort((a, b) => a['log.offset'] - b['log.offset']);
      expect(
        found.map((record) => record['event.original']),
        `seed ${seed}`,
      ).toEqual(entries);
      expect(kills).toBeGreaterThan(5);
      expect(counter('refusedRecords') + counter('collidedRecords')).toBe(0);
      await close();
    }
  });

  it('hold no entry where a line ends within what the runtime puts in front: it is killed, or the file is cut', async () => {
    const { logs, poll, texts, restart, counter, conditions } = open({ undecidedFlushMs: 30_000 });
    const log = join(logs, '0.log');
    const written = [cri(line(0)), cri('warning 1', 'stderr'), cri('\tat a.B.c(B.java:1)'), cri(line(1))];
    for (const text of written)
      for (const torn of [text.slice(0, 12), text.slice(12, 34), text.slice(34)]) {
        appendFileSync(log, torn);
        await poll(2, 3000);
        restart();
      }
    appendFileSync(log, cri(line(2)).slice(0, 37));
    await poll(2, MINUTE_MS);
    renameSync(log, `${log}.20260501-100000`);
    writeFileSync(log, cri('said in the next file') + cri(line(3)));
    await poll(4);
    rmSync(`${log}.20260501-100000`);
    await poll(4, MINUTE_MS);

    const [first = '', warning = '', frame = '', second = ''] = written;
    expect((await texts()).sort()).toEqual(
      [first + frame, warning, second, cri('said in the next file'), cri(line(3))].map((text) => text.trimEnd()).sort(),
    );
    expect(counter('lostBytes')).toBe(0);
    expect(conditions()).toEqual([]);
  });

  it('have no lag when all is stored, also after a kill, where entries of both streams overlap', async () => {
    const { logs, poll, texts, restart } = open();
    const overlap = [cri(line(0)), cri(line(1), 'stderr'), cri('\tat a.B.c(B.java:1)'), cri(line(2))];
    writeFileSync(join(logs, '0.log'), overlap.join(''));
    for (let life = 0; life < 3; life += 1) {
      await poll(3);
      expect(fixture?.agent.status().lagBytes, `life ${life}`).toBe(0);
      restart();
    }

    expect((await texts()).length).toBe(3);
  });

  it('that an older release began are read on as it did', async () => {
    const { logs, dataDir, poll, texts, stop } = open();
    const log = join(logs, '0.log');
    writeFileSync(log, cri(`${line(0)}\n${line(1)}`));
    await poll(2);
    stop();
    const path = join(dataDir, 'checkpoint.log');
    const states = [...parseLog(readFileSync(path)).states.values()];
    expect(states.map(({ form }) => form)).toEqual(['streams']);
    writeFileSync(path, states.map((state) => renderLine({ ...state, form: undefined })).join(''));

    const glued = cri('\tat a.B.c(B.java:1)') + cri('warning', 'stderr') + cri('\tat a.B.c(B.java:2)');
    appendFileSync(log, glued + cri(line(2)));
    await poll(2);

    expect(await texts()).toEqual([cri(line(0)), cri(line(1)) + glued, cri(line(2))].map((text) => text.trimEnd()));
  });
});

/** Renders lines of both streams, some with traces. */
function writeBoth(seed: number): string[] {
  let number = 0;
  const writer = (stream: string, offset: number) => (at: number) => {
    const place = (seed * 3 + offset + at) % 7;
    return cri(place < 2 ? line((number += 1), `${stream} ${number}`) : `\tat a.B.c(B.java:${at})`, stream);
  };
  const [out, err] = [writer('stdout', 0), writer('stderr', 3)];
  const start = [cri(line(0), 'stderr'), cri(line(0))];
  return [...start, ...Array.from({ length: 60 }, (_, at) => ((at * seed) % 13 < 4 ? err(at) : out(at)))];
}

describe('the pieces of a line', () => {
  it.each([
    ['blank first', ' tail'],
    ['any text', 'tail'],
    ['what looks like an entry', line(7)],
    ['what looks like a cause', 'Caused by: java.lang.Error: e'],
  ])('are put together over a rotation that the agent sees: %s', async (_what, piece) => {
    const { logs, poll, records } = open();
    const log = join(logs, '0.log');
    writeFileSync(log, cri(line(0)) + cri(`${line(1)} head`, 'stdout', 'P'));
    await poll(2);

    renameSync(log, `${log}.20260501-100000`);
    writeFileSync(log, cri(piece, 'stdout', 'P') + cri(' end') + cri(line(2)));
    await poll(4);

    const found = (await records()).map(({ message }) => message).sort();
    expect(found).toEqual(['event 0', `event 1 head${piece} end`, 'event 2']);
  });

  it('are put together over a rotation when the other stream wrote behind them, and before the rest', async () => {
    const { logs, poll, records } = open();
    const log = join(logs, '0.log');
    writeFileSync(log, cri(line(0)) + cri(`${line(1)} head`, 'stdout', 'P') + cri(line(2), 'stderr'));
    await poll(2);

    renameSync(log, `${log}.20260501-100000`);
    writeFileSync(log, cri('middle', 'stdout', 'P') + cri(' end') + cri(line(3), 'stderr') + cri(line(4)));
    await poll(4);

    const found = (await records()).map(({ message }) => message).sort();
    expect(found).toEqual(['event 0', 'event 1 headmiddle end', 'event 2', 'event 3', 'event 4']);
  });

  it('are put together when the agent was killed in between, and while the rest is still to come', async () => {
    const { logs, poll, records, restart } = open();
    const log = join(logs, '0.log');
    writeFileSync(log, cri(line(0)) + cri(`${line(1)} head`, 'stdout', 'P'));
    await poll(2);

    restart();
    renameSync(log, `${log}.20260501-100000`);
    writeFileSync(log, cri('middle', 'stdout', 'P'));
    await poll(4);
    appendFileSync(log, cri('tail'));
    await poll(4);
    appendFileSync(log, cri(line(2)));
    await poll(4);

    const found = (await records()).map(({ message }) => message).sort();
    expect(found).toEqual(['event 0', 'event 1 headmiddletail', 'event 2']);
  });

  it('of Docker are put together over a rotation too', async () => {
    const { logs, poll, records } = open();
    const log = join(logs, 'c1-json.log');
    const docker = (text: string): string =>
      `${JSON.stringify({ log: text, stream: 'stdout', time: '2026-05-01T10:00:00.000000000Z' })}\n`;
    writeFileSync(log, docker(`${line(0)}\n`) + docker(`${line(1)} ${'x'.repeat(16_384)}`));
    await poll(2);

    renameSync(log, `${log}.1`);
    writeFileSync(log, docker('y'.repeat(16_384)) + docker('z\n') + docker(`${line(2)}\n`));
    await poll(4);

    const found = (await records()).map(({ message }) => message).sort();
    expect(found).toEqual(['event 0', `event 1 ${'x'.repeat(16_384)}${'y'.repeat(16_384)}z`, 'event 2']);
  });

  it('are not put together with a line of another stream', async () => {
    const { logs, poll, records } = open();
    const log = join(logs, '0.log');
    writeFileSync(log, cri(line(0)) + cri(`${line(1)} head`, 'stdout', 'P'));
    await poll(2);

    renameSync(log, `${log}.20260501-100000`);
    writeFileSync(log, cri('said on stderr', 'stderr') + cri(line(2)));
    await poll(4);

    const found = (await records()).map(({ message }) => message).sort();
    expect(found).toEqual(['event 0', 'event 1 head', 'event 2', 'said on stderr']);
  });

  it('are none where the last line of the file before was whole', async () => {
    const { logs, poll, records } = open();
    const log = join(logs, '0.log');
    writeFileSync(log, cri(line(0)) + cri(line(1)));
    await poll(2);

    renameSync(log, `${log}.20260501-100000`);
    writeFileSync(log, cri('no time') + cri(line(2)));
    await poll(4);

    expect((await records()).map(({ message }) => message).sort()).toEqual([
      'event 0',
      'event 1',
      'event 2',
      'no time',
    ]);
  });
});

describe('losses', () => {
  it('do not hold what was read before a truncation and waits for a store that refuses', async () => {
    let isBusy = true;
    const { logs, poll, texts, counter, conditions } = open({ wrap: (store) => busy(store, () => isBusy) });
    const path = join(logs, 'a.log');
    writeFileSync(path, lines(0, 200));
    await poll(2);

    truncateSync(path);
    appendFileSync(path, lines(200, 210));
    await poll(3, MINUTE_MS);
    isBusy = false;
    await poll(3, MINUTE_MS);

    expect((await texts()).sort()).toEqual(expected(0, 210));
    expect(counter('lostBytes')).toBe(0);
    expect(conditions()).not.toContain('JT_BYTES_LOST');
  });
});

describe('a mount', () => {
  it('F40: that is away for a minute and comes back has nothing read again', async () => {
    const fixture = open();
    const { logs, folder, poll, texts, counter } = fixture;
    for (const name of ['a', 'b', 'c']) writeFileSync(join(logs, `${name}.log`), lines(0, 20));
    await poll(2);
    for (const isRestart of [false, true]) {
      renameSync(logs, join(folder, 'away'));
      await poll(6, 10_000);
      if (isRestart) fixture.restart();
      if (isRestart) await poll(6, 10_000);
      renameSync(join(folder, 'away'), logs);
      await poll(3);
    }
    for (const name of ['a', 'b', 'c']) appendFileSync(join(logs, `${name}.log`), lines(20, 25));
    await poll(2);

    for (const name of ['a', 'b', 'c']) expect(await texts(name)).toEqual(expected(0, 25));
    // The last entry of each file was open and is sent once more when it is closed.
    expect(counter('duplicateRecords')).toBeLessThanOrEqual(3);
    expect(counter('newFiles')).toBe(0);
    expect(counter('lostBytes')).toBe(0);
  });
});

describe('a day', () => {
  const FILES = 10;
  const KEPT = 3;
  const STEPS = 288;
  const STEP_MS = 5 * MINUTE_MS;

  it(
    'F45: of rotations and kills leaves descriptors and checkpoint as small as after an hour',
    { timeout: 120_000 },
    async () => {
      const fixture = open({ forgetAfterMs: 60 * MINUTE_MS });
      const { logs, poll, dataDir } = fixture;
      const written: string[] = [];
      const size = { descriptors: 0, checkpoint: 0 };
      for (let step = 0; step < STEPS; step += 1) {
        for (let number = 0; number < FILES; number += 1) {
          const path = join(logs, `flink-u-taskexecutor-${number}-h.log`);
          const texts = expected(written.length, written.length + 4);
          written.push(...texts);
          appendFileSync(path, `${texts.join('\n')}\n`);
        }
        await poll(1, STEP_MS);
        if (step % 17 === 16) fixture.restart();
        for (let number = 0; number < FILES; number += 1)
          rotate(join(logs, `flink-u-taskexecutor-${number}-h.log`), KEPT);
        if (step === 24 || step === STEPS - 1) {
          await poll(3, 100);
          const now = {
            descriptors: readdirSync('/proc/self/fd').length,
            checkpoint: statSync(join(dataDir, 'checkpoint.log')).size,
          };
          if (step === 24) Object.assign(size, now);
          else {
            expect(now.descriptors).toBeLessThanOrEqual(size.descriptors + FILES);
            expect(now.checkpoint).toBeLessThan(Math.max(2_000_000, 2 * size.checkpoint));
          }
        }
      }
      await poll(3, STEP_MS);

      const records = await fixture.records();
      expect(records.map((record) => record['event.original']).sort()).toEqual([...written].sort());
      expect(fixture.counter('lostBytes')).toBe(0);
    },
  );
});

/** Rotates like logback: the highest number is the oldest, and the rotation beyond `kept` is deleted. */
function rotate(path: string, kept: number): void {
  rmSync(`${path}.${kept}`, { force: true });
  for (let number = kept - 1; number >= 1; number -= 1)
    if (statSync(`${path}.${number}`, { throwIfNoEntry: false }) !== undefined)
      renameSync(`${path}.${number}`, `${path}.${number + 1}`);
  renameSync(path, `${path}.1`);
}
