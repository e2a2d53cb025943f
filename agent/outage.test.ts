import {
  appendFileSync,
  chmodSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { createError } from '../core/errors.js';
import type { LogRecord } from '../core/types.js';
import { sliceRecord } from '../store/batch.js';
import { decodeRecord } from '../store/encode.js';
import type { AppendOutcome, Store } from '../store/store.js';
import { appendRecords } from '../store/testing/samples.js';
import {
  expected,
  line,
  lines,
  openAgentFixture,
  type AgentFixture,
  type FixtureOptions,
} from '../test/agent-fixture.js';

let fixture: AgentFixture | undefined;
afterEach(async () => {
  await fixture?.close();
  fixture = undefined;
});

type Append = (records: readonly LogRecord[]) => ReturnType<Store['append']>;

/** Opens a fixture whose store answers through `append` for the records of a batch; `pass` is the real one. */
function openFaulty(
  append: (batch: readonly LogRecord[], pass: Append) => ReturnType<Append>,
  options: FixtureOptions = {},
): AgentFixture {
  fixture = openAgentFixture({
    ...options,
    wrap: (store) => ({
      ...store,
      append: (batch) =>
        append(
          batch.lengths.map((_length, index) => decodeRecord(store.encoding, sliceRecord(batch, index))),
          (records) => appendRecords(store, records),
        ),
    }),
  });
  return fixture;
}

function writeLog(to: AgentFixture, from: number, until: number): void {
  appendFileSync(join(to.logs, 'a.log'), lines(from, until));
}

describe('a store that is down', () => {
  it('is asked again for ever, alarms, and gets everything when it is back', async () => {
    let isDown = true;
    const faulty = openFaulty((batch, pass) =>
      isDown
        ? Promise.reject(createError('JT_STORE_UNREACHABLE', { url: 'http://es', problem: 'refused' }))
        : pass(batch),
    );
    writeFileSync(join(faulty.logs, 'a.log'), lines(0, 50));
    await faulty.poll(20, 60_000);
    const during = faulty.conditions();
    const tries = faulty.counter('failedBatches');

    isDown = false;
    await faulty.poll(3, 60_000);

    expect(during).toEqual(['JT_STORE_UNREACHABLE']);
    expect(tries).toBeGreaterThan(10);
    expect(await faulty.texts()).toEqual(expected(0, 50));
    expect(faulty.conditions()).toEqual([]);
    expect(faulty.agent.status().lagBytes).toBe(0);
  });

  it('stops reading when the budget is spent, so memory stays flat and the file is the buffer', async () => {
    let isDown = true;
    const faulty = openFaulty(
      (batch, pass) =>
        isDown
          ? Promise.reject(createError('JT_STORE_DENIED', { url: 'http://es', problem: 'expired API key' }))
          : pass(batch),
      { budgetBytes: 100_000, quantumBytes: 10_000 },
    );
    writeFileSync(join(faulty.logs, 'a.log'), lines(0, 5000));
    await faulty.poll(10);
    const read = faulty.counter('readBytes');
    const conditions = faulty.conditions();

    isDown = false;
    await faulty.poll(3, 60_000);

    expect(read).toBeLessThan(120_000);
    expect(conditions).toEqual(['JT_STORE_DENIED']);
    expect(await faulty.texts()).toEqual(expected(0, 5000));
  });

  it('gets everything once when the agent is restarted meanwhile and files rotate', async () => {
    let isDown = true;
    const faulty = openFaulty((batch, pass) =>
      isDown
        ? Promise.reject(createError('JT_STORE_UNREACHABLE', { url: 'http://es', problem: 'refused' }))
        : pass(batch),
    );
    writeFileSync(join(faulty.logs, 'a.log'), lines(0, 10));
    await faulty.poll(2);
    faulty.restart();
    writeFileSync(join(faulty.logs, 'a.log.1'), lines(100, 110));
    await faulty.poll(2);

    isDown = false;
    await faulty.poll(3, 60_000);

    expect((await faulty.texts()).sort()).toEqual([...expected(0, 10), ...expected(100, 110)].sort());
  });
});

describe('an answer that is lost', () => {
  it('after the store took the batch makes no second copy', async () => {
    let isLost = true;
    const faulty = openFaulty(async (batch, pass) => {
      const outcomes = await pass(batch);
      if (!isLost) return outcomes;
      isLost = false;
      throw createError('JT_STORE_UNREACHABLE', { url: 'http://es', problem: 'connection reset' });
    });
    writeFileSync(join(faulty.logs, 'a.log'), lines(0, 20));

    await faulty.poll(3, 60_000);

    expect(await faulty.texts()).toEqual(expected(0, 20));
    expect(faulty.counter('duplicateRecords')).toBe(20);
  });
});

describe('an answer per record', () => {
  it('sends only what must be sent again, keeps what is refused, and moves offsets as a prefix', async () => {
    const sent: string[][] = [];
    let busy = new Set([3]);
    const faulty = openFaulty(async (batch, pass) => {
      sent.push(batch.map((record) => record['event.original']));
      const decide = (record: LogRecord): AppendOutcome | undefined => {
        const number = Number(/event (\d+)/.exec(record.message)?.[1]);
        if (busy.has(number)) return { kind: 'retry', error: '429' };
        return number === 5 ? { kind: 'refused', error: 'mapper_parsing_exception' } : undefined;
      };
      const passed = batch.filter((record) => decide(record) === undefined);
      const outcomes = [...(await pass(passed))];
      return batch.map((record) => decide(record) ?? outcomes.shift() ?? { kind: 'retry', error: 'none' });
    });
    writeFileSync(join(faulty.logs, 'a.log'), lines(0, 10));
    await faulty.poll();
    const lag = faulty.agent.status().lagBytes;
    const conditions = faulty.conditions();
    busy = new Set();
    await faulty.poll(1, 60_000);

    expect(sent[0]).toEqual(expected(0, 10));
    expect(sent[1]).toEqual([line(3)]);
    expect(lag).toBe(lines(3, 10).length);
    expect(conditions).toEqual(expect.arrayContaining(['JT_STORE_BUSY', 'JT_RECORDS_REFUSED']));
    expect(await faulty.texts()).toEqual(expected(0, 10).filter((text) => text !== line(5)));
    const [letter] = readFileSync(join(faulty.dataDir, 'dead-letters.ndjson'), 'utf8')
      .trim()
      .split('\n')
      .map((text) => JSON.parse(text) as { error: string; record: LogRecord });
    expect(letter).toMatchObject({ error: 'refused: mapper_parsing_exception', record: { 'event.original': line(5) } });
    expect(faulty.agent.status().lagBytes).toBe(0);
    expect(faulty.counter('refusedRecords')).toBe(1);
  });

  it('lets the others flow while one record is asked for again and again', async () => {
    const faulty = openFaulty(async (batch, pass) => {
      const outcomes = [
        ...(await pass(
          batch.filter((record) => !record.message.includes('event 7 ') && !record.message.endsWith('event 7')),
        )),
      ];
      return batch.map((record) =>
        record.message.endsWith('event 7')
          ? { kind: 'retry', error: 'blocked' }
          : (outcomes.shift() ?? { kind: 'retry', error: 'none' }),
      );
    });
    for (let turn = 0; turn < 10; turn += 1) {
      writeLog(faulty, turn * 10, turn * 10 + 10);
      await faulty.poll(1, 500);
    }

    expect(await faulty.texts()).toEqual(expected(0, 100).filter((text) => text !== line(7)));
  });

  it('about a collision is loud and keeps the message', async () => {
    const faulty = openFaulty((batch) =>
      Promise.resolve(batch.map(() => ({ kind: 'collision', error: 'another entry holds the id' }))),
    );
    writeFileSync(join(faulty.logs, 'a.log'), lines(0, 1));

    await faulty.poll(2);

    expect(faulty.conditions()).toContain('JT_RECORD_COLLISION');
    expect(faulty.counter('collidedRecords')).toBe(1);
    expect(readFileSync(join(faulty.dataDir, 'dead-letters.ndjson'), 'utf8')).toContain('event 0');
  });

  it('that refuses a record keeps it waiting while its dead letter cannot be written', async () => {
    const faulty = openFaulty((batch) => Promise.resolve(batch.map(() => ({ kind: 'refused', error: 'no' }))));
    const letters = join(faulty.dataDir, 'dead-letters.ndjson');
    symlinkSync('/dev/full', letters);
    writeFileSync(join(faulty.logs, 'a.log'), lines(0, 2));
    await faulty.poll(3);
    const during = faulty.conditions();
    const lag = faulty.agent.status().lagBytes;

    unlinkSync(letters);
    await faulty.poll(2, 60_000);

    expect(during).toContain('JT_DEAD_LETTERS_UNWRITABLE');
    expect(lag).toBe(lines(0, 2).length);
    expect(readFileSync(letters, 'utf8').trim().split('\n')).toHaveLength(2);
  });
});

describe('dead letters', () => {
  it('stay within their bytes, and what goes for the newest is counted and told', async () => {
    const deadLetterBytes = 20_000;
    const faulty = openFaulty((batch) => Promise.resolve(batch.map(() => ({ kind: 'refused', error: 'no' }))), {
      deadLetterBytes,
    });
    writeFileSync(join(faulty.logs, 'a.log'), lines(0, 100));
    await faulty.poll(2);

    const letters = readdirSync(faulty.dataDir).filter((name) => name.startsWith('dead-letters'));
    const texts = letters.map((name) => readFileSync(join(faulty.dataDir, name), 'utf8'));
    const kept = texts.join('').trim().split('\n').length;
    expect(texts.join('').length).toBeLessThanOrEqual(deadLetterBytes);
    expect(faulty.counter('refusedRecords')).toBe(100);
    expect(faulty.counter('droppedLetters')).toBe(100 - kept);
    expect(faulty.agent.status().conditions).toContainEqual(
      expect.objectContaining({
        code: 'JT_DEAD_LETTERS_DROPPED',
        values: expect.objectContaining({ count: 100 - kept }) as unknown,
      }),
    );
    expect(faulty.agent.status().lagBytes).toBe(0);
  });
});

describe('a full disk', () => {
  it('F28: under the checkpoint stops nothing and alarms, and nothing is stored twice afterwards', async () => {
    fixture = openAgentFixture();
    writeFileSync(join(fixture.logs, 'a.log'), lines(0, 5));
    await fixture.poll(2);
    fixture.stop();
    const log = join(fixture.dataDir, 'checkpoint.log');
    const saved = readFileSync(log);
    unlinkSync(log);
    symlinkSync('/dev/full', log);
    mkdirSync(`${log}.new`);
    writeLog(fixture, 5, 10);
    await fixture.poll(3);
    const conditions = fixture.conditions();
    fixture.stop();

    unlinkSync(log);
    rmSync(`${log}.new`, { recursive: true });
    writeFileSync(log, saved);
    writeLog(fixture, 10, 12);
    await fixture.poll(3);

    expect(conditions).toContain('JT_CHECKPOINT_UNWRITABLE');
    expect(fixture.conditions()).toEqual([]);
    expect(await fixture.texts()).toEqual(expected(0, 12));
  });
});

describe('a file that cannot be read', () => {
  it('F39: is reported and leaves the others alone, and is read when it can be, from where it was', async () => {
    fixture = openAgentFixture();
    const closed = join(fixture.logs, 'closed.log');
    mkdirSync(join(fixture.logs, 'sub'));
    symlinkSync('loop.log', join(fixture.logs, 'sub', 'loop.log'));
    writeFileSync(join(fixture.logs, 'a.log'), lines(0, 3));
    writeFileSync(closed, lines(10, 12));
    chmodSync(closed, 0);
    await fixture.poll(2);

    expect(await fixture.texts('a.log')).toEqual(expected(0, 3));
    expect(fixture.conditions()).toEqual(
      process.getuid?.() === 0 ? ['JT_FILE_UNREADABLE'] : ['JT_FILE_UNREADABLE', 'JT_FILE_UNREADABLE'],
    );

    chmodSync(closed, 0o600);
    unlinkSync(join(fixture.logs, 'sub', 'loop.log'));
    await fixture.poll(2);
    expect(await fixture.texts('closed')).toEqual(expected(10, 12));
    expect(fixture.conditions()).toEqual([]);

    const [followed, aside] = [join(fixture.logs, 'a.log'), join(fixture.folder, 'aside')];
    renameSync(followed, aside);
    symlinkSync('a.log', followed);
    await fixture.poll(10, 10_000);
    expect(fixture.conditions()).toEqual(['JT_FILE_UNREADABLE']);

    unlinkSync(followed);
    renameSync(aside, followed);
    appendFileSync(followed, lines(3, 5));
    await fixture.poll(2);
    expect(await fixture.texts('a.log')).toEqual(expected(0, 5));
    expect(fixture.counter('lostBytes')).toBe(0);
    expect(fixture.conditions()).toEqual([]);
  });

  it('resumes at the right place when it could not be opened for a while', async () => {
    fixture = openAgentFixture({ maxOpenFiles: 1 });
    for (const name of ['a', 'b', 'c']) writeFileSync(join(fixture.logs, `${name}.log`), lines(0, 3));
    await fixture.poll(3);

    for (const name of ['a', 'b', 'c']) appendFileSync(join(fixture.logs, `${name}.log`), lines(3, 5));
    await fixture.poll(4);

    for (const name of ['a', 'b', 'c']) expect(await fixture.texts(name)).toEqual(expected(0, 5));
    expect(fixture.counter('duplicateRecords')).toBe(0);
  });

  it('because its path does not exist yet is named, and read when it comes', async () => {
    fixture = openAgentFixture({ paths: ['/nonexistent-folder-of-a-test'] });
    await fixture.poll(2);

    expect(fixture.agent.status().conditions).toEqual([
      expect.objectContaining({
        code: 'JT_FILE_UNREADABLE',
        message: '/nonexistent-folder-of-a-test cannot be read: it does not exist.',
      }),
    ]);
  });
});
