import { readFileSync, readdirSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { causesOf } from '../testing/verdict.js';

const full = (index: number, after: number): string =>
  `[2026-03-02T10:15:${String(index).padStart(2, '0')}.120+0000][${412 + index}.118s][info][gc] GC(${812 + index}) Pause Full (Allocation Failure) 3921M->${after}M(3932M) 2177.204ms\n`;

function rulesOf(text: string): readonly string[] {
  const { diagnoses, unknown } = causesOf(text, 'flink-u-taskexecutor-0-h-gc.log');
  return [...diagnoses.map((item) => item.rule), ...unknown.map((item) => item.message)];
}

describe('a GC log', () => {
  it('of a heap that stays full is memory pressure', () => {
    expect(rulesOf([1, 2, 3, 4, 5].map((index) => full(index, 3900)).join(''))).toEqual([
      'memory.gc-pressure/heap-full',
    ]);
  });

  it('of which a few lines were copied is memory pressure when none of them freed anything', () => {
    expect(
      rulesOf(
        [1, 2]
          .map((index) => full(index, 3900))
          .join('')
          .trimEnd(),
      ),
    ).toEqual(['memory.gc-pressure/heap-full']);
    expect(rulesOf([1, 2].map((index) => full(index, 3700)).join(''))).toEqual([]);
    expect(rulesOf(full(1, 3900))).toEqual([]);
  });

  const old = (second: number, after: number): string =>
    `2026-03-02T10:15:${String(second).padStart(2, '0')}.678+0800: 9137.${second}5: [Full GC (Ergonomics) [PSYoungGen: 937984K->678408K(1053696K)] [ParOldGen: 2342580K->${after}K(2342912K)] 3280564K->${after + 678408}K(3396608K), [Metaspace: 77771K->77771K(1122304K)], 2.7266583 secs] [Times: user=5.31 sys=0.00, real=2.72 secs] \n`;
  it('of Java 8 in which the old generation stays full is memory pressure, whatever the young one has left', () => {
    expect(rulesOf([29, 32].map((second) => old(second, 2342579)).join(''))).toEqual(['memory.gc-pressure/heap-full']);
    expect(rulesOf([29, 32].map((second) => old(second, 1342579)).join(''))).toEqual([]);
  });

  it('of a heap that is emptied again is none, however often it is full', () => {
    expect(
      rulesOf([1, 2, 3, 4, 5, 6, 7, 8].map((index) => full(index, index % 4 === 0 ? 900 : 3900)).join('')),
    ).toEqual([]);
  });

  it('of a process that stood still for long is memory pressure, too', () => {
    expect(rulesOf(full(1, 900).replace('2177.204ms', '21877.204ms'))).toEqual(['memory.gc-pressure/pauses']);
  });

  const healthy = 'lab/recordings/healthy/gc-logs';
  it.each(
    readdirSync(healthy).flatMap((version) =>
      readdirSync(`${healthy}/${version}`)
        .filter((name) => name.includes('gc'))
        .map((name) => `${version}/${name}`),
    ),
  )('of a healthy run is silent: %s', (path) => {
    expect(rulesOf(readFileSync(`${healthy}/${path}`, 'utf8'))).toEqual([]);
  });

  it('of a TaskManager that ran out of heap says so', () => {
    const path = 'lab/recordings/memory.heap-oom/gc-overhead/1.20.5/flink-flink-taskexecutor-0-node-1.gc.log';

    expect(rulesOf(readFileSync(path, 'utf8'))).toEqual(['memory.gc-pressure/heap-full']);
  });
});
