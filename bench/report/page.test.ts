// Tests the page of results: the last measurement counts, and a missed target is reported.
import { describe, expect, it } from 'vitest';
import { renderBenchmarks } from './page.js';
import type { RunLine, BenchSession } from './results.js';

function describeSession(date: string, version: string): BenchSession {
  const machine = { model: 'A processor', cores: 2, memoryMib: 8192, load: 0.1 };
  const programs = [{ name: 'rsyslog', version, configuration: 'module(load="imfile")\n' }];
  return { kind: 'session', date, command: 'npx tsx bench/agent.ts --rounds 3', machine, programs };
}

function drain(peer: string, cpuPerGib: number, sink = 'bulk'): RunLine {
  return { kind: 'drain', peer, sink, cpuPerGib };
}

describe('renderBenchmarks', () => {
  it('shows the median with the range of the rounds, and versions and configuration', () => {
    const runs = [drain('jobtrace', 12), drain('jobtrace', 10), drain('jobtrace', 11), drain('rsyslog', 40)];

    const page = renderBenchmarks([{ session: describeSession('2026-11-24T10:00:00Z', '8.2302.0'), runs }]);

    expect(page).toContain('| bulk | jobtrace | 11.0 (10.0–12.0) |');
    expect(page).toContain('| bulk | rsyslog | 40.0 |');
    expect(page).toContain('### rsyslog\n\n8.2302.0\n\n```\nmodule(load="imfile")\n```\n');
    expect(page).toContain(
      '| 2026-11-24 10:00 | `npx tsx bench/agent.ts --rounds 3` | A processor, 2 cores, 8 GiB | 0.1 |',
    );
  });

  it('says which bars are met, which are not, and which nobody measured', () => {
    const page = renderBenchmarks([{ session: undefined, runs: [drain('jobtrace', 11), drain('rsyslog', 20)] }]);

    expect(page).toMatch(/\| processor time, of rsyslog’s \| at most 0\.5 \| 0\.55 \| \*\*falls short\*\* \|/);
    expect(page).toMatch(/\| processor time for a GiB \| at most 12 s \| 11\.0 s \| met \|/);
    expect(page).toMatch(/\| processor time, of the Collector’s \| at most 0\.25 \| – \| not measured \|/);
  });

  it('compares only what was measured in one session, the last', () => {
    const before = describeSession('2026-11-24T10:00:00Z', '8.1');
    const after = describeSession('2026-11-25T10:00:00Z', '8.2');

    const page = renderBenchmarks([
      { session: before, runs: [drain('jobtrace', 90), drain('rsyslog', 91), drain('jobtrace', 92, 'discard')] },
      { session: after, runs: [drain('jobtrace', 12)] },
    ]);

    expect(page).toContain('| bulk | jobtrace | 12.0 |');
    expect(page).not.toContain('91.0');
    expect(page).toContain('| discard | jobtrace | 92.0 |');
  });
});
