import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { loadCatalog } from '../catalog/catalog.js';
import { diagnose } from '../incident/diagnose.js';
import { flattenIncidents } from '../incident/document.js';
import { readEntries, splitText } from './read.js';
import { renderExceptions } from './rest.js';

const RECORDING = 'lab/recordings/memory.direct-oom/user-buffers';
const catalog = loadCatalog();
const VERSIONS = ['1.13.6', '1.17.2', '1.20.5', '2.3.0'];

describe('renderExceptions', () => {
  it.each(VERSIONS)('tells every exception that Flink %s lists, the oldest first, each with its task', (version) => {
    const text = renderExceptions(readFileSync(`${RECORDING}/${version}/rest/job-exceptions.json`, 'utf8')) ?? '';
    const heads = text.split('\n').filter((line) => /^\d{4}-/.test(line));

    expect(heads.length).toBeGreaterThanOrEqual(2);
    expect(heads).toEqual([...heads].sort());
    expect(heads[0]).toMatch(/render-invoice -> .*\(1\/1\).* failed( on localhost:\d+-\w+)? @ localhost:\d+\.$/);
    expect(text).toContain('\njava.lang.OutOfMemoryError: Direct buffer memory');
  });

  it('reads the root exception where there is no history', () => {
    const answer = {
      'root-exception': 'java.io.IOException: disk\n\tat a.B.c(B.java:1)\n',
      timestamp: 1_770_000_000_000,
      'all-exceptions': [],
    };

    expect(renderExceptions(JSON.stringify(answer))).toBe(
      '2026-02-02 02:40:00,000 WARN  org.apache.flink.runtime.scheduler.exceptionhistory.ExceptionHistoryEntry [] - The job failed.\njava.io.IOException: disk\n\tat a.B.c(B.java:1)\n',
    );
  });

  it('gives nothing to say for a job without exceptions, and is silent about other documents', () => {
    expect(renderExceptions('{"root-exception":null,"timestamp":null,"all-exceptions":[],"truncated":false}')).toBe('');
    expect(renderExceptions('{"jobs":[]}')).toBeUndefined();
    expect(renderExceptions('{"jobs":')).toBeUndefined();
  });
});

describe('diagnose', () => {
  it.each(VERSIONS)('names the cause from the saved answer alone, Flink %s', (version) => {
    const path = `${RECORDING}/${version}/rest/job-exceptions.json`;
    const oneLine = JSON.stringify(JSON.parse(readFileSync(path, 'utf8')));

    for (const entries of [
      readEntries([path]),
      readEntries(['-'], { stdin: () => [Buffer.from(oneLine)] }),
      splitText(oneLine),
    ]) {
      expect(flattenIncidents(diagnose(entries, catalog), 'en').diagnoses[0]?.cause).toBe('memory.direct-oom');
    }
  });
});
