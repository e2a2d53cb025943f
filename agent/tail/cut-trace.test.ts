import { appendFileSync, readFileSync, renameSync, rmSync, unlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { expected, line, lines, openAgentFixture, type AgentFixture } from '../../test/agent-fixture.js';

let fixture: AgentFixture;
let path: string;
beforeEach(() => {
  fixture = openAgentFixture();
  path = join(fixture.logs, 'flink-u-taskexecutor-0-h.log');
});
afterEach(() => fixture.close());

describe('a stack trace that a rotation cuts', () => {
  const head = `${line(1, 'Task failed')}\njava.io.IOException: no space\n\tat a.B.c(B.java:1)\n`;
  const rest = '\tat a.B.d(B.java:2)\nCaused by: java.lang.Error: x\n\t... 3 more\n';

  it('F20: is one record when the agent sees the rotation', async () => {
    writeFileSync(path, `${line(0)}\n${head}`);
    await fixture.poll(2);

    renameSync(path, `${path}.1`);
    writeFileSync(path, `${rest}${line(2)}\n`);
    await fixture.poll(3);

    expect(await fixture.inOrder()).toEqual([line(0), (head + rest).trimEnd(), line(2)]);
    expect(fixture.counter('joinedEntries')).toBe(1);
  });

  it('is one record while the new file holds nothing else yet, and after a restart', async () => {
    writeFileSync(path, `${line(0)}\n${head}`);
    await fixture.poll(2);
    renameSync(path, `${path}.1`);
    writeFileSync(path, rest.slice(0, 20));
    await fixture.poll(3);

    fixture.restart();
    writeFileSync(path, rest, { flag: 'r+' });
    await fixture.poll(3);
    const whileOpen = await fixture.inOrder();
    appendFileSync(path, `${line(2)}\n`);
    await fixture.poll(3);

    expect(whileOpen).toEqual([line(0), (head + rest).trimEnd()]);
    expect(await fixture.inOrder()).toEqual([line(0), (head + rest).trimEnd(), line(2)]);
  });

  it('ships the last entry behind a rest that was shipped while it was open', async () => {
    const long = `${rest}${'\tat a.b.C.d(C.java:1)\n'.repeat(20)}`;
    writeFileSync(path, `${line(0)}\n${head}`);
    await fixture.poll(2);
    renameSync(path, `${path}.1`);
    writeFileSync(path, long);
    await fixture.poll(3);

    appendFileSync(path, `${line(2)}\n`);
    await fixture.poll(3);

    expect(await fixture.inOrder()).toEqual([line(0), (head + long).trimEnd(), line(2)]);
  });

  it('keeps no later file waiting where a file has nothing but the rest', async () => {
    writeFileSync(path, `${line(0)}\n${head}`);
    await fixture.poll(2);
    renameSync(path, `${path}.1`);
    writeFileSync(path, rest);
    await fixture.poll(3);

    renameSync(path, `${path}.2`);
    writeFileSync(path, `${line(2)}\n`);
    await fixture.poll(3);
    unlinkSync(`${path}.1`);
    await fixture.poll(3, 60_000);

    expect(await fixture.inOrder()).toEqual([line(0), (head + rest).trimEnd(), line(2)]);
    expect(fixture.agent.status().lagBytes).toBe(0);
  });

  it('keeps no file waiting where both were written at the same moment', async () => {
    const moment = Date.now() / 1000;
    writeFileSync(path, `${line(0)}\n${head}`);
    utimesSync(path, moment - 1, moment - 1);
    await fixture.poll(2);
    renameSync(path, `${path}.1`);
    writeFileSync(path, rest);
    utimesSync(path, moment, moment);
    await fixture.poll(1, 10);

    renameSync(path, `${path}.2`);
    writeFileSync(path, `${line(2)}\n`);
    utimesSync(path, moment, moment);
    await fixture.poll(4);

    expect(await fixture.inOrder()).toEqual([line(0), (head + rest).trimEnd(), line(2)]);
  });

  it('gives the same records when everything is read again without a checkpoint', async () => {
    writeFileSync(`${path}.1`, `${line(0)}\n${head}`);
    writeFileSync(path, `${rest}${line(2)}\n`);
    await fixture.poll(3);
    const first = (await fixture.records()).map((record) => record.id).sort();

    fixture.stop();
    rmSync(fixture.dataDir, { recursive: true });
    await fixture.poll(3);

    expect((await fixture.records()).map((record) => record.id).sort()).toEqual(first);
    expect(await fixture.inOrder()).toEqual([line(0), (head + rest).trimEnd(), line(2)]);
  });

  it('is one record while an older rotation is read from its archive', async () => {
    writeFileSync(`${path}.1`, lines(5, 8));
    await fixture.poll(2);
    writeFileSync(path, `${line(0)}\n${head}`);
    await fixture.poll(2);
    fixture.restart();
    writeFileSync(`${path}.1.gz`, gzipSync(readFileSync(`${path}.1`)));
    unlinkSync(`${path}.1`);
    renameSync(path, `${path}.2`);
    writeFileSync(path, `${rest}${line(2)}\n`);
    const later = Date.now() / 1000 + 5;
    utimesSync(path, later, later);

    await fixture.poll(4);

    const texts = [...expected(5, 8), line(0), (head + rest).trimEnd(), line(2)];
    expect((await fixture.texts()).sort()).toEqual(texts.sort());
  });

  it('is never joined to an entry of another process', async () => {
    writeFileSync(join(fixture.logs, 'flink-u-taskexecutor-1-h.log'), `${line(0)}\n`);
    await fixture.poll(2);

    writeFileSync(path, `${rest}${line(2)}\n`);
    await fixture.poll(4);

    expect((await fixture.texts()).sort()).toEqual([line(0), line(2), rest.trimEnd()].sort());
  });
});
