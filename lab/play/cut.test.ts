import { describe, expect, it } from 'vitest';
import { cutFiles } from './cut.js';

const line = (text: string, logger = 'org.apache.flink.core.plugin.DefaultPluginManager', level = 'INFO '): string =>
  `2026-11-20 09:00:00,000 ${level} ${logger} [] - ${text}\n`;

describe('cutFiles', () => {
  it('leaves out noise whole, counts it, and keeps every other byte', () => {
    const text = `${line('Plugin loader with ID not found, creating it: metrics-jmx')}${line('other')}\tat a.b(C.java)\n`;

    expect(cutFiles([{ name: 'x.log', text }], 10_000)).toEqual([
      { name: 'x.log', text: `${line('other')}\tat a.b(C.java)\n`, cut: [{ entries: 1, kind: 'plugin loader lines' }] },
    ]);
  });

  it('leaves repetitions where there is room for them', () => {
    const text = Array.from({ length: 20 }, (_, index) => line(`Completed checkpoint ${index}`)).join('');

    expect(cutFiles([{ name: 'x.log', text }], 10_000)).toEqual([{ name: 'x.log', text, cut: [] }]);
  });

  it('keeps the start and the first and last repetitions where there is not', () => {
    const start = Array.from({ length: 160 }, (_, index) => line(`option ${index}`)).join('');
    const text = `${start}${Array.from({ length: 1_000 }, (_, index) => line(`Completed checkpoint ${index}`)).join('')}`;

    const [cut] = cutFiles([{ name: 'x.log', text }], 25_000);

    expect(cut?.text.startsWith(start)).toBe(true);
    expect(cut?.text.slice(start.length)).toBe(
      [0, 1, 2, 997, 998, 999].map((index) => line(`Completed checkpoint ${index}`)).join(''),
    );
    expect(cut?.cut).toEqual([{ entries: 994, kind: 'repetitions beyond the first and last 3' }]);
  });

  it('never leaves out an option, a change of state of the job, a warning or a trace that stands once', () => {
    const kept = [
      line('Loading configuration property: parallelism.default, 1'),
      line('Job orders (0123456789abcdef0123456789abcdef) switched from state RUNNING to FAILING.', 'ExecutionGraph'),
      line('a warning', 'X', 'WARN '),
      `${line('an exception')}java.io.IOException: x\n\tat a.b(C.java)\n`,
    ].join('');

    expect(cutFiles([{ name: 'x.log', text: `${line('routine')}${kept}` }], 1)[0]?.text).toBe(kept);
  });

  it('tells of each slot whose it is, and of each execution graph in which slot it ran, once', () => {
    const [one, two] = ['0'.repeat(32), '1'.repeat(32)];
    const tell = (job: string, attempt: number): string =>
      line(`Receive slot request ${job} for job ${job} from resource manager with leader id ${one}.`, 'TaskExecutor') +
      line(
        `Received task map (1/1)#${attempt} (${job}_${two}_0_${attempt}), deploy into slot with allocation id ${job}.`,
        'TaskExecutor',
      );

    const [cut] = cutFiles([{ name: 'x.log', text: tell(one, 0) + tell(one, 1) + tell(two, 0) + tell(two, 1) }], 1);

    expect(cut?.text).toBe(tell(one, 0) + tell(two, 0));
  });
});
