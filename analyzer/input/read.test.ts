import { cpSync, mkdirSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import type { Entry } from '../../core/types.js';
import { loadCatalog } from '../catalog/catalog.js';
import { diagnose } from '../incident/diagnose.js';
import { flattenIncidents } from '../incident/document.js';
import { createReadNotes, readEntries, splitText } from './read.js';
import { BUFFER_RECORDING, BUFFER_LOG, makeFolder, readRecording, shuffle } from '../testing/samples.js';

const catalog = loadCatalog();
const log = readRecording(BUFFER_LOG);
const text = log.map((entry) => entry.bytes.toString('utf8')).join('\n');

function firstRule(paste: string): string | undefined {
  return diagnose(splitText(paste), catalog)[0]?.diagnoses.en[0]?.rule;
}

describe('readEntries', () => {
  it('reads a folder with a .gz, leaves binary files and settings out and says so', () => {
    const folder = makeFolder();
    mkdirSync(join(folder, 'logs'));
    writeFileSync(join(folder, 'logs', 'flink-u-taskexecutor-0-h.log.1.gz'), gzipSync(text));
    writeFileSync(join(folder, 'logs', 'core.dump'), Buffer.from([0x7f, 0x45, 0x4c, 0x46, 1, 2, 3, 4]));
    writeFileSync(join(folder, 'logs', 'empty.log'), '');
    writeFileSync(join(folder, 'config.yaml'), 'a: 1');
    const notes = createReadNotes();

    const entries = [...readEntries([folder], { notes })];

    expect(entries.map((entry) => entry.bytes.toString('utf8'))).toEqual(
      log.map((entry) => entry.bytes.toString('utf8')),
    );
    expect(notes.list.map((note) => note.reason).sort()).toEqual(['binary', 'name']);
    expect(diagnose(entries, catalog)).toHaveLength(1);
  });

  it('leaves one JSON document of many lines out of a folder, and reads a JSON log', () => {
    const folder = makeFolder();
    writeFileSync(join(folder, 'jobs.json'), '{\n "jobs": []\n}\n');
    writeFileSync(join(folder, 'flink.json'), '{"@timestamp":"2026-08-07T05:43:13.867Z","message":"hello"}\n');
    const notes = createReadNotes();

    expect([...readEntries([folder], { notes })].map((entry) => basename(entry.source.path))).toEqual(['flink.json']);
    expect(notes.list).toMatchObject([{ path: join(folder, 'jobs.json'), partial: false, reason: 'document' }]);
  });

  it('reads standard input for "-"', () => {
    expect(diagnose(readEntries(['-'], { stdin: () => [Buffer.from(text)] }), catalog)).toHaveLength(1);
  });

  it('says which path cannot be read and why', () => {
    expect(() => [...readEntries(['/does/not/exist.log'])]).toThrow(
      '/does/not/exist.log cannot be read: it does not exist.',
    );
  });

  it('counts lines from 1 and offsets from 0', () => {
    expect(log.slice(0, 2).map((entry) => [entry.line, entry.offset])).toEqual([
      [1, 0],
      [2, (log[0]?.bytes.length ?? 0) + 1],
    ]);
  });
});

describe('what is badly formed', () => {
  it('is diagnosed in UTF-16 as Windows writes it', () => {
    const bytes = Buffer.from(`\ufeff${text.replaceAll('\n', '\r\n')}\r\n`, 'utf16le');

    expect(diagnose(readEntries(['-'], { stdin: () => [bytes] }), catalog)[0]?.diagnoses.en[0]?.rule).toBe(
      'network.insufficient-buffers/total',
    );
  });

  it('is shown in its own characters, also where a file mixes them', () => {
    const chinese = Buffer.from([0xb4, 0xc5, 0xc5, 0xcc, 0xbf, 0xd5, 0xbc, 0xe4, 0xb2, 0xbb, 0xd7, 0xe3]);
    const bytes = Buffer.concat([
      Buffer.from('2026-03-02 10:00:00,000 INFO  a.B [] - 写入\n2026-03-02 10:00:00,000 INFO  a.B [] - '),
      chinese,
      Buffer.from('\n'),
    ]);

    expect(
      [...readEntries(['-'], { stdin: () => [bytes] })].map((entry) => [
        entry.bytes.toString('utf8').slice(39),
        entry.flags ?? [],
      ]),
    ).toEqual([
      ['写入', []],
      ['磁盘空间不足', ['invalid-utf8']],
    ]);
  });

  it('takes no memory for a line of half a gigabyte, and goes on behind it', () => {
    const chunk = Buffer.alloc(1 << 20, 'x');
    function* line(): Generator<Buffer> {
      yield Buffer.from('2026-03-02 10:00:00,000 INFO  a.B [] - ');
      for (let part = 0; part < 512; part++) yield chunk;
      yield Buffer.from(`\n${text}\n`);
    }
    const before = process.memoryUsage().rss;
    const entries = readEntries(['-'], { stdin: line });
    const first = entries.next().value as Entry;

    expect(first.flags).toEqual(['cut']);
    expect(first.bytes.length).toBeLessThan(2 << 20);
    expect(process.memoryUsage().rss - before).toBeLessThan(100 << 20);
    expect(diagnose(entries, catalog)).toHaveLength(1);
  });

  it('is the same diagnosis with the lines of a file out of order', () => {
    const shuffled = shuffle(log, 7)
      .map((entry) => entry.bytes.toString('utf8'))
      .join('\n');

    expect(splitText(shuffled, 'a.log')).toHaveLength(log.length);
    expect(firstRule(shuffled)).toBe('network.insufficient-buffers/total');
  });

  it('is one incident when the clocks of the processes stand in other zones', () => {
    const folder = makeFolder();
    writeFileSync(
      join(folder, 'flink-u-standalonesession-0-a.log'),
      '2026-03-02T18:00:03.000+0800 INFO  org.apache.flink.runtime.executiongraph.ExecutionGraph [] - Map (1/2)#0 (aaaa1111aaaa1111aaaa1111aaaa1111) switched from RUNNING to FAILED on h:1-a.\njava.io.IOException: No space left on device\n\tat java.io.FileOutputStream.writeBytes(Native Method)\n',
    );
    writeFileSync(
      join(folder, 'flink-u-taskexecutor-0-b.log'),
      '2026-03-02 10:00:02,500 WARN  org.apache.flink.runtime.taskmanager.Task [] - Map (1/2)#0 (aaaa1111aaaa1111aaaa1111aaaa1111) switched from RUNNING to FAILED with failure cause:\njava.io.IOException: No space left on device\n\tat java.io.FileOutputStream.writeBytes(Native Method)\n',
    );
    const incidents = diagnose(readEntries([folder]), catalog);

    expect(incidents.map((incident) => [incident.firstSeen, incident.lastSeen])).toEqual([
      ['2026-03-02T10:00:02.500Z', '2026-03-02T10:00:03.000Z'],
    ]);
  });

  it('is each failure by its own, when jobs and versions lie in one folder', () => {
    const folder = makeFolder();
    for (const version of ['1.13.6', '1.20.5'])
      cpSync(`lab/recordings/healthy/gc-logs/${version}`, join(folder, `healthy-${version}`), { recursive: true });
    cpSync(BUFFER_RECORDING, join(folder, 'failed'), { recursive: true });
    const { diagnoses, unknown } = flattenIncidents(diagnose(readEntries([folder]), catalog), 'en');
    const alone = flattenIncidents(diagnose(readEntries([BUFFER_RECORDING]), catalog), 'en');

    expect(unknown).toEqual([]);
    expect(diagnoses.map((item) => [item.rule, item.job?.id, item.fixes.map((fix) => fix.patch)])).toEqual(
      alone.diagnoses.map((item) => [item.rule, item.job?.id, item.fixes.map((fix) => fix.patch)]),
    );
  });
});

describe('splitText', () => {
  const message =
    "Insufficient number of network buffers: required 17, but only 0 available. The total number of network buffers is currently set to 2048 of 32768 bytes each. You can increase this number by setting the configuration keys 'a', 'b', and 'c'.";
  const frame =
    'org.apache.flink.runtime.io.network.buffer.NetworkBufferPool.createBufferPool(NetworkBufferPool.java:470)';

  it('makes a bare stack trace diagnosable', () => {
    expect(firstRule(`java.io.IOException: ${message}\n\tat ${frame}\n`)).toBe('network.insufficient-buffers/total');
  });

  it('makes a trace that begins in its middle diagnosable', () => {
    expect(firstRule(`\tat ${frame}\nCaused by: java.io.IOException: ${message}\n\tat ${frame}\n\t... 4 more\n`)).toBe(
      'network.insufficient-buffers/total',
    );
  });

  it('makes a trace with a time in front of every line diagnosable', () => {
    const lines = [`Caused by: java.io.IOException: ${message}`, `    at ${frame}`, `    at ${frame}`].map(
      (line) => `2026-03-02 10:00:00,123 [INFO] ${line}`,
    );

    expect(firstRule(lines.join('\n'))).toBe('network.insufficient-buffers/total');
  });

  it.each(['\n', '\r\n'])('makes a message that was wrapped at blanks diagnosable, with breaks %j', (lineBreak) => {
    expect(
      firstRule(
        `java.io.IOException: ${message.replaceAll(' only', '\nonly').replace('required ', 'required\n')}\n\tat ${frame}\n`.replaceAll(
          '\n',
          lineBreak,
        ),
      ),
    ).toBe('network.insufficient-buffers/total');
  });

  it.each([
    ['quoted', (text: string) => text.replaceAll(/^/gm, '> ')],
    ['quoted twice', (text: string) => text.replaceAll(/^/gm, '> > ')],
    ['some blanks to the right', (text: string) => text.replaceAll(/^/gm, '    ')],
    ["in a program's comment", (text: string) => `/**\n${text.replaceAll(/^/gm, '     * ')}\n     */\n`],
    ['in lines of comment', (text: string) => text.replaceAll(/^/gm, '        //')],
    ['between marks of code', (text: string) => `see this:\n\`\`\`\n${text}\n\`\`\`\n`],
    ['with blanks that do not break', (text: string) => text.replaceAll('\tat ', '\u00a0\u00a0\u00a0\u00a0at ')],
    ['written as HTML', (text: string) => text.replaceAll("'", '&#39;').replaceAll('\tat ', '&nbsp;&nbsp;at ')],
  ])('makes a paste %s diagnosable', (_, mark) => {
    expect(
      firstRule(
        mark(
          `2026-03-02 10:00:00,123 WARN  org.apache.flink.runtime.taskmanager.Task [] - Map (1/2)#0 switched from INITIALIZING to FAILED with failure cause:\njava.io.IOException: ${message}\n\tat ${frame}\n\tat ${frame}`,
        ),
      ),
    ).toBe('network.insufficient-buffers/total');
  });

  it('makes a trace in marks of a word diagnosable, broken over lines or not', () => {
    expect(firstRule(`see this:\n\`Caused by: java.io.IOException: ${message}\`\n`)).toBe(
      'network.insufficient-buffers/total',
    );
    expect(firstRule(`see this:\n\`Caused by: java.io.IOException: ${message.replace(' only', '\nonly')}\`\n`)).toBe(
      'network.insufficient-buffers/total',
    );
  });

  it('makes a trace in a JSON log diagnosable', () => {
    const entry = {
      '@timestamp': '2026-03-02T10:00:00.123Z',
      'log.level': 'WARN',
      'log.logger': 'org.apache.flink.runtime.taskmanager.Task',
      message: 'Map (1/2)#0 (aaaa1111aaaa1111aaaa1111aaaa1111) switched from RUNNING to FAILED with failure cause:',
      'error.stack_trace': `java.io.IOException: ${message}\n\tat ${frame}\n`,
    };

    expect(firstRule(`${JSON.stringify(entry)}\n`)).toBe('network.insufficient-buffers/total');
  });
});
