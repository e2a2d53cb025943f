import { appendFileSync, mkdirSync, renameSync, rmSync, symlinkSync, unlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { expected, line, lines, openAgentFixture, type AgentFixture } from '../../test/agent-fixture.js';

let fixture: AgentFixture;
let path: string;
beforeEach(() => {
  fixture = openAgentFixture();
  path = join(fixture.logs, 'flink-u-taskexecutor-0-h.log');
});
afterEach(() => fixture.close());

describe('renaming', () => {
  it('F01: keeps every file through a rotation that renames all of them and deletes the oldest', async () => {
    for (let number = 1; number <= 5; number += 1)
      writeFileSync(`${path}.${number}`, lines(number * 10, number * 10 + 10));
    writeFileSync(path, lines(60, 65));
    await fixture.poll(2);

    unlinkSync(`${path}.1`);
    for (let number = 2; number <= 5; number += 1) renameSync(`${path}.${number}`, `${path}.${number - 1}`);
    appendFileSync(path, lines(65, 70));
    renameSync(path, `${path}.5`);
    writeFileSync(path, lines(70, 75));
    await fixture.poll(2);

    expect(await fixture.inOrder()).toEqual(expected(10, 75));
    expect(fixture.counter('duplicateRecords')).toBe(0);
  });

  it('F02: reads a file that came and was rotated between two scans', async () => {
    writeFileSync(path, lines(0, 5));
    await fixture.poll();

    appendFileSync(path, lines(5, 10));
    renameSync(path, `${path}.1`);
    writeFileSync(path, lines(10, 20));
    renameSync(path, `${path}.2`);
    writeFileSync(path, lines(20, 25));
    await fixture.poll(2);

    expect(await fixture.inOrder()).toEqual(expected(0, 25));
  });

  it('reads the rest of the renamed file before the new one', async () => {
    writeFileSync(path, lines(0, 5));
    await fixture.poll();

    appendFileSync(path, lines(5, 8));
    renameSync(path, `${path}.9`);
    writeFileSync(path, lines(8, 10));
    await fixture.poll(2);

    const order = (await fixture.records()).map((record) => record['event.original']);
    expect(order.indexOf(line(7))).toBeLessThan(order.indexOf(line(8)));
    expect([...new Set(order)].sort()).toEqual(expected(0, 10));
  });

  it('F03: finds both files after a rotation while it was stopped, even when the new file is larger than the old offset', async () => {
    writeFileSync(path, lines(0, 5));
    await fixture.poll();
    fixture.stop();

    appendFileSync(path, lines(5, 8));
    renameSync(path, `${path}.1`);
    writeFileSync(path, lines(8, 40));
    await fixture.poll(2);

    expect(await fixture.inOrder()).toEqual(expected(0, 40));
    expect(fixture.counter('resumedFiles')).toBe(1);
  });

  it('follows a symbolic link to a file that is rotated behind it', async () => {
    const pods = join(fixture.folder, 'pods');
    mkdirSync(pods);
    fixture.restart({ linksInto: [pods] });
    writeFileSync(join(pods, '0.log'), lines(0, 5));
    symlinkSync(join(pods, '0.log'), join(fixture.logs, 'container.log'));
    await fixture.poll();

    appendFileSync(join(pods, '0.log'), lines(5, 7));
    renameSync(join(pods, '0.log'), join(pods, '0.log.20260501'));
    writeFileSync(join(pods, '0.log'), lines(7, 9));
    await fixture.poll(2);
    unlinkSync(join(fixture.logs, 'container.log'));
    await fixture.poll(4);

    expect(await fixture.inOrder()).toEqual(expected(0, 9));
    expect(fixture.counter('lostBytes')).toBe(0);
  });
});

describe('deletion', () => {
  it('F16: delivers what a deleted file still held when the store was down', async () => {
    let isDown = true;
    const other = openAgentFixture({
      wrap: (store) => ({
        ...store,
        append: (batch) => (isDown ? Promise.reject(new Error('down')) : store.append(batch)),
      }),
      budgetBytes: 20_000,
      quantumBytes: 4096,
    });
    const file = join(other.logs, 'a.log');
    writeFileSync(file, lines(0, 3000));
    await other.poll();

    unlinkSync(file);
    await other.poll(5);
    isDown = false;
    await other.poll(3, 60_000);

    expect(await other.texts()).toEqual(expected(0, 3000));
    expect(other.counter('lostBytes')).toBe(0);
    await other.close();
  });

  it('F17: reads a YARN container folder to its end that is deleted right after the last line', async () => {
    const folder = join(fixture.logs, 'application_1669378398064_0078', 'container_e07_1669378398064_0078_01_000002');
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, 'taskmanager.log'), lines(0, 3));
    await fixture.poll();

    appendFileSync(join(folder, 'taskmanager.log'), lines(3, 6));
    rmSync(join(fixture.logs, 'application_1669378398064_0078'), { recursive: true });
    await fixture.poll(5);

    expect(await fixture.texts()).toEqual(expected(0, 6));
    expect(fixture.conditions()).toEqual([]);
    expect((await fixture.records())[0]).toMatchObject({
      'flink.cluster': 'application_1669378398064_0078',
      'container.id': 'container_e07_1669378398064_0078_01_000002',
    });
  });
});
