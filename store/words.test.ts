import { describe, expect, it } from 'vitest';
import { makeRecord } from './testing/samples.js';
import { fillWords, splitWords } from './words.js';

describe('splitWords', () => {
  it('makes small letters one by one, as Elasticsearch does', () => {
    expect(splitWords('ΟΔΟΣ İstanbul GRÖẞE')).toEqual(['οδοσ', 'istanbul', 'größe']);
  });

  it('takes runs of letters or digits, in lower case', () => {
    expect(splitWords('java.io.IOException: task_manager-7 (1/2)#0 Größe')).toEqual([
      'java',
      'io',
      'ioexception',
      'task',
      'manager',
      '7',
      '1',
      '2',
      '0',
      'größe',
    ]);
  });

  it('takes each Chinese character as a word', () => {
    expect(splitWords('作业Job失败')).toEqual(['作', '业', 'job', '失', '败']);
  });

  it('cuts words that no index takes whole', () => {
    expect(splitWords('a'.repeat(600)).map((word) => word.length)).toEqual([255, 255, 90]);
  });

  it('has no words in punctuation and control characters', () => {
    expect(splitWords('\u0000 -- \u001b[ ===\n')).toEqual([]);
  });
});

describe('fillWords', () => {
  it('takes level, logger and message, each for itself, and what stands before the message only where it is odd', () => {
    const head = '2026-11-20 10:00:01,000 INFO  a.B                                                          [] - ';
    const plain = { ...makeRecord(1), 'log.level': 'INFO', 'log.logger': 'a.B', message: 'hello' } as const;

    expect(fillWords({ ...plain, 'event.original': `${head}hello` })).toEqual(['info', 'a b', 'hello']);
    expect(fillWords({ ...plain, 'event.original': 'tenant-7 hello' })).toEqual(['info', 'a b', 'tenant 7', 'hello']);
  });

  it('takes an entry that is not head and message as it is written, and what a layout took out of escapes', () => {
    const json = { ...makeRecord(1), 'event.original': '{"m":"x\\nat y"}', message: 'x\nat y' };

    expect(fillWords(json)).toEqual(['x at y', 'm x nat y']);
  });
});
