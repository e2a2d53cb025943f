import { describe, expect, it } from 'vitest';
import { findHits, listSought } from './hits.js';
import { parseQuery } from './query.js';

function mark(query: string, text: string): string {
  let marked = '';
  let at = 0;
  for (const [start, end] of findHits(text, listSought(parseQuery(query)))) {
    marked += `${text.slice(at, start)}[${text.slice(start, end)}]`;
    at = end;
  }
  return marked + text.slice(at);
}

describe('findHits', () => {
  it('marks words in any case, and no part of a word', () => {
    expect(mark('checkpoint', 'Checkpoint 7 of checkpoints')).toBe('[Checkpoint] 7 of checkpoints');
  });

  it('marks a phrase only where its words follow each other', () => {
    expect(mark('"buffer pool"', 'a buffer, a pool: buffer-pool')).toBe('a buffer, a pool: [buffer-pool]');
    expect(mark('java.io.IOException', 'Caused by: java.io.IOException: gone')).toBe(
      'Caused by: [java.io.IOException]: gone',
    );
  });

  it('marks whole words of a shape, each of them', () => {
    expect(mark('Timeout*', 'TimeoutException after a timeout')).toBe('[TimeoutException] after a [timeout]');
  });

  it('marks nothing that must not occur', () => {
    expect(mark('lost -heartbeat', 'lost heartbeat')).toBe('[lost] heartbeat');
  });

  it('marks the class that a field asks for', () => {
    expect(mark('error:IOException level:ERROR', 'ERROR java.io.IOException')).toBe('ERROR java.io.[IOException]');
  });

  it('marks Chinese by its characters', () => {
    expect(mark('失败', '作业失败了')).toBe('作业[失败]了');
  });

  it('joins what overlaps', () => {
    expect(mark('"a b" "b c"', 'a b c')).toBe('[a b c]');
  });
});
