import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { loadCatalog } from './catalog.js';
import { diagnose } from './diagnose.js';
import { createReadNotes, readEntries, splitText } from './read.js';
import { BUFFER_RULE, readRecording } from './samples.js';

const catalog = loadCatalog();
const log = readRecording(`${BUFFER_RULE}/match.log`);
const text = log.map((entry) => entry.bytes.toString('utf8')).join('\n');

function firstRule(paste: string): string | undefined {
  return diagnose(splitText(paste), catalog)[0]?.diagnoses.en[0]?.rule;
}

describe('readEntries', () => {
  it('reads a folder with a .gz, leaves binary files and settings out and says so', () => {
    const folder = mkdtempSync(join(tmpdir(), 'read-'));
    mkdirSync(join(folder, 'logs'));
    writeFileSync(join(folder, 'logs', 'flink-u-taskexecutor-0-h.log.1.gz'), gzipSync(text));
    writeFileSync(join(folder, 'logs', 'core.dump'), Buffer.from([0x7f, 0x45, 0x4c, 0x46, 1, 2, 3, 4]));
    writeFileSync(join(folder, 'logs', 'empty.log'), '');
    writeFileSync(join(folder, 'config.yaml'), 'a: 1');
    const notes = createReadNotes();

    const entries = [...readEntries([folder], { notes })];

    expect(entries.map((entry) => entry.bytes.toString('utf8'))).toEqual(log.map((entry) => entry.bytes.toString('utf8')));
    expect(notes.list.map((note) => note.reason).sort()).toEqual(['binary', 'name']);
    expect(diagnose(entries, catalog)).toHaveLength(1);
  });

  it('leaves one JSON document of many lines out of a folder, and reads a JSON log', () => {
    const folder = mkdtempSync(join(tmpdir(), 'read-'));
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
    expect(() => [...readEntries(['/does/not/exist.log'])]).toThrow('/does/not/exist.log cannot be read: there is no such file or folder.');
  });

  it('counts lines from 1 and offsets from 0', () => {
    expect(log.slice(0, 2).map((entry) => [entry.line, entry.offset])).toEqual([[1, 0], [2, (log[0]?.bytes.length ?? 0) + 1]]);
  });
});

describe('splitText', () => {
  const message = "Insufficient number of network buffers: required 17, but only 0 available. The total number of network buffers is currently set to 2048 of 32768 bytes each. You can increase this number by setting the configuration keys 'a', 'b', and 'c'.";
  const frame = 'org.apache.flink.runtime.io.network.buffer.NetworkBufferPool.createBufferPool(NetworkBufferPool.java:470)';

  it('makes a bare stack trace diagnosable', () => {
    expect(firstRule(`java.io.IOException: ${message}\n\tat ${frame}\n`)).toBe('network.insufficient-buffers/total');
  });

  it('makes a trace that begins in its middle diagnosable', () => {
    expect(firstRule(`\tat ${frame}\nCaused by: java.io.IOException: ${message}\n\tat ${frame}\n\t... 4 more\n`)).toBe('network.insufficient-buffers/total');
  });

  it('makes a trace with a time in front of every line diagnosable', () => {
    const lines = [`Caused by: java.io.IOException: ${message}`, `    at ${frame}`, `    at ${frame}`].map((line) => `2026-03-02 10:00:00,123 [INFO] ${line}`);

    expect(firstRule(lines.join('\n'))).toBe('network.insufficient-buffers/total');
  });

  it('makes a message that was wrapped at blanks diagnosable', () => {
    expect(firstRule(`java.io.IOException: ${message.replaceAll(' only', '\nonly').replace('required ', 'required\n')}\n\tat ${frame}\n`)).toBe('network.insufficient-buffers/total');
  });

  it('makes a trace in a JSON log diagnosable', () => {
    const entry = { '@timestamp': '2026-03-02T10:00:00.123Z', 'log.level': 'WARN', 'log.logger': 'org.apache.flink.runtime.taskmanager.Task', message: 'Map (1/2)#0 (aaaa1111aaaa1111aaaa1111aaaa1111) switched from RUNNING to FAILED with failure cause:', 'error.stack_trace': `java.io.IOException: ${message}\n\tat ${frame}\n` };

    expect(firstRule(`${JSON.stringify(entry)}\n`)).toBe('network.insufficient-buffers/total');
  });
});
