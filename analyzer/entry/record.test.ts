import { describe, expect, it } from 'vitest';
import { makeRecord } from '../../store/testing/samples.js';
import { readLastLine } from '../incident/last-line.js';
import { readEntry } from './record.js';
import { describePosition } from './signal.js';
import { parseEntry } from '../../flink/layout/layout.js';

describe('an entry that is read from the store', () => {
  it.each(['UTC', 'Asia/Shanghai', 'America/New_York', 'Asia/Kolkata'])(
    'has the time of its record where the analyzer is in %s',
    (zone) => {
      const text = '2026-11-24 05:00:00,000 INFO  org.example.Writer [] - written in New York';
      const time = '2026-11-24T10:00:00.000Z';
      const entry = readEntry(makeRecord(1, { text, time }));
      if (entry === undefined) throw new Error('the record holds no entry');
      const stamp = parseEntry(entry.bytes, { zone }).time;
      expect(describePosition(entry, stamp, undefined, '').time).toBe(Date.parse(time));
      expect(readLastLine(entry, zone).time).toBe(Date.parse(time));
    },
  );
});
