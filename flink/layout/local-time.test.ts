import { describe, expect, it } from 'vitest';
import { parseEntry } from './layout.js';
import { zoneOffsetMs } from './local-time.js';

const HOUR_MS = 3_600_000;

/** Returns the time stamp that a process in a zone writes at a moment. */
function writeStamp(zone: string, ms: number): string {
  const text = new Date(ms).toLocaleString('sv-SE', { timeZone: zone });
  return `${text},${String(((ms % 1000) + 1000) % 1000).padStart(3, '0')}`;
}

function readTimes(zone: string, times: readonly number[]): readonly (number | undefined)[] {
  const read: (number | undefined)[] = [];
  for (const ms of times) {
    const line = `${writeStamp(zone, ms)} INFO  org.apache.flink.runtime.taskmanager.Task [] - text`;
    read.push(parseEntry(Buffer.from(line), { zone, previousTime: read.at(-1) }).time);
  }
  return read;
}

describe('a time stamp without an offset', () => {
  it.each([
    ['Europe/Berlin', '2026-03-29T01:00:00Z'],
    ['Europe/Berlin', '2026-10-25T01:00:00Z'],
    ['America/New_York', '2026-03-08T07:00:00Z'],
    ['America/New_York', '2026-11-01T06:00:00Z'],
    // Change of half an hour.
    ['Australia/Lord_Howe', '2026-04-04T15:00:00Z'],
    ['Australia/Lord_Howe', '2026-10-03T15:30:00Z'],
    ['Asia/Kolkata', '2026-10-25T01:00:00Z'],
    ['Asia/Kathmandu', '2026-10-25T01:00:00Z'],
    ['UTC', '2026-10-25T01:00:00Z'],
  ])('is read as it was written in %s around %s, also where the clocks are changed', (zone, change) => {
    const around = Array.from({ length: 240 }, (_, minute) => Date.parse(change) + (minute - 120) * 61_000 + 7);
    expect(readTimes(zone, around)).toEqual(around);
  });

  it('is of the first pass of a repeated hour where nothing stands before it', () => {
    const first = Date.parse('2026-10-25T00:30:00Z');
    expect(readTimes('Europe/Berlin', [first])).toEqual([first]);
  });

  it('is read as if the clocks were not changed where they skip it', () => {
    expect(zoneOffsetMs('Europe/Berlin', Date.parse('2026-03-29T02:30:00Z'))).toBe(HOUR_MS);
  });
});

describe('a line of a container', () => {
  const now = Date.parse('2026-11-24T10:00:00.000Z');
  const cri = (takenMs: number, text: string): string =>
    `${new Date(takenMs).toISOString().replace('Z', '123456Z')} stdout F ${text}`;
  const docker = (takenMs: number, text: string): string =>
    JSON.stringify({ log: `${text}\n`, stream: 'stdout', time: new Date(takenMs).toISOString() });
  const line = (zone: string, ms: number): string => `${writeStamp(zone, ms)} INFO  a.b.C [] - text`;
  const read = (text: string, zone: string): number => (parseEntry(Buffer.from(text), { zone }).time ?? NaN) - now;

  const ZONES = ['UTC', 'Asia/Shanghai', 'America/New_York', 'Asia/Kolkata', 'Asia/Kathmandu', 'Pacific/Kiritimati'];
  it.each(ZONES.flatMap((pod) => ZONES.map((node) => [pod, node] as const)))(
    'that was written in %s has its time, whatever the zone of the node (%s)',
    (pod, node) => {
      expect(read(cri(now + 900, line(pod, now)), node)).toBe(0);
      expect(read(docker(now + 900, line(pod, now)), node)).toBe(0);
    },
  );

  it('that is taken late has its time in the zone of the node, else the time when it was taken', () => {
    expect(read(cri(now + 600_000, line('Asia/Shanghai', now)), 'Asia/Shanghai')).toBe(0);
    expect(read(cri(now + 600_000, line('Asia/Shanghai', now)), 'UTC')).toBe(600_000);
  });

  it('that was printed hours after its time stamp is dated when it was taken', () => {
    expect(read(cri(now + 3 * HOUR_MS + 300_000, line('UTC', now)), 'UTC')).toBe(3 * HOUR_MS + 300_000);
  });

  it('that says its offset is read by it', () => {
    const own = line('UTC', now).replace(' INFO', '+0000 INFO');
    expect(read(cri(now + 5 * HOUR_MS, own), 'Asia/Shanghai')).toBe(0);
  });

  it('that has no time is of when it was taken', () => {
    expect(read(cri(now + 7, 'java.lang.OutOfMemoryError: Metaspace'), 'Asia/Shanghai')).toBe(7);
  });

  it('that is JSON without an offset is read by the same clock', () => {
    const json = JSON.stringify({ '@timestamp': writeStamp('Asia/Shanghai', now), level: 'INFO', message: 'text' });
    expect(read(cri(now + 900, json), 'UTC')).toBe(0);
    expect(read(json, 'Asia/Shanghai')).toBe(0);
  });
});
