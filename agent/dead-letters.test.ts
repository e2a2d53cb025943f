import { spawn } from 'node:child_process';
import { appendFileSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { LogRecord } from '../core/types.js';
import {
  appendDeadLetters,
  closeDeadLetters,
  deadLetterPath,
  keepLetterLines,
  listClosedLetters,
  listLetterFiles,
  readLetterLines,
  type DeadLetter,
} from './dead-letters.js';

const MAX_BYTES = 80_000;

let dataDir: string;
beforeEach(() => {
  dataDir = mkdtempSync(join(tmpdir(), 'jobtrace-letters-'));
});
afterEach(() => rmSync(dataDir, { recursive: true, force: true }));

function makeLetter(number: number, text = 'x'.repeat(500)): DeadLetter {
  const record: LogRecord = {
    id: String(number),
    '@timestamp': '2026-05-01T10:00:00.000Z',
    message: text,
    'event.original': text,
    'log.file.path': '/log/a.log',
    'log.offset': number,
    'host.name': 'h',
    'flink.cluster': 'default',
    'jobtrace.process': 'h:/log/a',
    'jobtrace.kind': 'log',
    'jobtrace.layout': 'none',
    'jobtrace.length': text.length,
  };
  return { time: '2026-05-01T10:00:01.000Z', error: 'refused: no', record };
}

function readNumbers(): number[] {
  return listLetterFiles(dataDir)
    .flatMap(readLetterLines)
    .map((line) => Number((JSON.parse(line) as DeadLetter).record.id));
}

function countBytes(): number {
  return listLetterFiles(dataDir).reduce(
    (sum, path) => sum + (statSync(path, { throwIfNoEntry: false })?.size ?? 0),
    0,
  );
}

describe('appendDeadLetters', () => {
  it('keeps the newest within its bytes, and counts every one that went', () => {
    let dropped = 0;
    for (let number = 0; number < 500; number += 1) {
      dropped += appendDeadLetters(dataDir, MAX_BYTES, [makeLetter(number)]);
      expect(countBytes()).toBeLessThanOrEqual(MAX_BYTES);
    }

    const numbers = readNumbers();
    expect(numbers).toEqual(Array.from({ length: numbers.length }, (_, at) => 500 - numbers.length + at));
    expect(dropped + numbers.length).toBe(500);
    expect(countBytes()).toBeGreaterThan(MAX_BYTES / 2);
  });

  it('keeps within its bytes what comes at once, and the newest letter however long', () => {
    const many = Array.from({ length: 500 }, (_, number) => makeLetter(number));

    const dropped = appendDeadLetters(dataDir, MAX_BYTES, many);
    const left = readNumbers();
    expect(countBytes()).toBeLessThanOrEqual(MAX_BYTES);
    expect(left.at(-1)).toBe(499);
    expect(dropped + left.length).toBe(500);

    expect(appendDeadLetters(dataDir, MAX_BYTES, [makeLetter(500, 'y'.repeat(200_000))])).toBe(left.length);
    expect(readNumbers()).toEqual([500]);
  });

  it('hides nothing behind half a line that a killed agent left', () => {
    appendDeadLetters(dataDir, MAX_BYTES, [makeLetter(0)]);
    appendFileSync(deadLetterPath(dataDir), '{"time":"2026');
    appendDeadLetters(dataDir, MAX_BYTES, [makeLetter(1)]);

    const read = readFileSync(deadLetterPath(dataDir), 'utf8').trim().split('\n');
    expect(read).toHaveLength(3);
    expect((JSON.parse(read[2] ?? '') as DeadLetter).record.id).toBe('1');
  });

  it('loses none while another process closes the file again and again and takes what it finds', async () => {
    const program = `
      import { closeDeadLetters, keepLetterLines, listClosedLetters, readLetterLines } from ${JSON.stringify(
        fileURLToPath(new URL('dead-letters.ts', import.meta.url)),
      )};
      const dataDir = ${JSON.stringify(dataDir)};
      console.log('ready');
      let isOver = false;
      process.stdin.on('data', () => { isOver = true; });
      const turn = () => {
        const isLast = isOver;
        closeDeadLetters(dataDir);
        for (const path of listClosedLetters(dataDir)) {
          for (const line of readLetterLines(path)) console.log(JSON.parse(line).record.id);
          keepLetterLines(path, []);
        }
        if (!isLast) setImmediate(turn);
        else process.exitCode = 0, process.stdin.unref();
      };
      turn();`;
    const other = spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', program], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    const said: string[] = [];
    const ready = new Promise<void>((resume) => {
      other.stdout.on('data', (chunk: Buffer) => {
        said.push(chunk.toString());
        resume();
      });
    });
    const ended = new Promise<void>((resume) => void other.on('close', () => resume()));
    await ready;

    for (let number = 0; number < 300; number += 1) {
      appendDeadLetters(dataDir, 10_000_000, [makeLetter(number)]);
      await new Promise((resume) => void setImmediate(resume));
    }
    other.stdin.end('over');
    await ended;

    const taken = said.join('').split('\n').slice(1).filter(Boolean).map(Number);
    const all = new Set([...taken, ...readNumbers()]);
    expect(taken.length).toBeGreaterThan(0);
    expect([...all].sort((a, b) => a - b)).toEqual(Array.from({ length: 300 }, (_, number) => number));
  });
});

describe('keepLetterLines', () => {
  it('leaves what is not sent, and no file where nothing is left', () => {
    appendDeadLetters(dataDir, MAX_BYTES, [makeLetter(0), makeLetter(1)]);
    closeDeadLetters(dataDir);
    const [path = ''] = listClosedLetters(dataDir);
    const lines = readLetterLines(path);

    keepLetterLines(path, lines.slice(1));
    expect(readNumbers()).toEqual([1]);
    keepLetterLines(path, []);
    expect(listClosedLetters(dataDir)).toEqual([]);
    keepLetterLines(path, []);
    expect(readLetterLines(path)).toEqual([]);
  });

  it('closes nothing where there is nothing', () => {
    closeDeadLetters(dataDir);
    closeDeadLetters(join(dataDir, 'nowhere'));

    expect(listClosedLetters(dataDir)).toEqual([]);
    expect(listClosedLetters(join(dataDir, 'nowhere'))).toEqual([]);
    writeFileSync(join(dataDir, 'dead-letters-1.ndjson.new'), 'half');
    expect(listClosedLetters(dataDir)).toEqual([]);
  });
});
