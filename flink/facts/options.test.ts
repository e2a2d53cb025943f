import { describe, expect, it } from 'vitest';
import { OPTION_CHANGES } from './option-names.js';
import { compareVersions, inRange, optionValue, parseBytes, parseDuration, renameOption } from './options.js';

describe('renameOption', () => {
  it('gives the spelling of the version, in both directions', () => {
    expect(renameOption('taskmanager.network.memory.min', '1.20.1')).toEqual({ key: 'taskmanager.memory.network.min' });
    expect(renameOption('taskmanager.memory.network.min', '1.9.3')).toEqual({ key: 'taskmanager.network.memory.min' });
    expect(renameOption('state.checkpoints.dir', '1.19.0')).toEqual({ key: 'state.checkpoints.dir' });
    expect(renameOption('akka.ask.timeout', '1.18.0')).toEqual({ key: 'pekko.ask.timeout' });
    expect(renameOption('pekko.framesize', '1.17.2')).toEqual({ key: 'akka.framesize' });
    expect(renameOption('parallelism.default', '2.3.0')).toEqual({ key: 'parallelism.default' });
  });

  it('says that an option is gone, and what to do instead', () => {
    expect(renameOption('taskmanager.network.memory.buffers-per-channel', '2.0.0')).toEqual({
      gone: true,
      hint: 'raise taskmanager.memory.network.min and .max instead',
    });
    expect(renameOption('taskmanager.network.memory.buffers-per-channel', '1.19.0')).toMatchObject({
      key: 'taskmanager.network.memory.buffers-per-channel',
    });
  });

  it('never converts a value whose meaning changed', () => {
    expect(renameOption('taskmanager.memory.fraction', '1.20.0')).toMatchObject({ key: 'taskmanager.memory.fraction' });
    expect(renameOption('taskmanager.memory.managed.fraction', '1.9.0')).toEqual({
      key: 'taskmanager.memory.managed.fraction',
    });
  });

  it('has each old name once', () => {
    const old = OPTION_CHANGES.map((row) => row.old);

    expect(new Set(old).size).toBe(old.length);
  });
});

describe('optionValue', () => {
  it('looks under every name, the newest first', () => {
    const options = new Map([
      ['state.checkpoints.dir', 'file:/old'],
      ['akka.ask.timeout', '30 s'],
    ]);

    expect(optionValue(options, 'execution.checkpointing.dir')).toBe('file:/old');
    expect(optionValue(options, 'state.backend.fs.checkpointdir')).toBe('file:/old');
    expect(optionValue(options, 'pekko.ask.timeout')).toBe('30 s');
    expect(
      optionValue(new Map([...options, ['execution.checkpointing.dir', 'file:/new']]), 'state.checkpoints.dir'),
    ).toBe('file:/new');
    expect(optionValue(options, 'rest.port')).toBeUndefined();
  });
});

describe('inRange', () => {
  it('compares numbers, not text, and lets a bound speak for its patch releases', () => {
    expect(compareVersions('1.9.3', '1.10.0')).toBeLessThan(0);
    expect(compareVersions('1.20-SNAPSHOT', '1.20.0')).toBe(0);
    expect(inRange('1.12.5', '<=1.12')).toBe(true);
    expect(inRange('1.12.5', '>1.12')).toBe(false);
    expect(inRange('2.0.0', '>=1.10 <2.0')).toBe(false);
    expect(inRange('1.18.1', '>=1.13 <1.15 || >=1.18')).toBe(true);
    expect(inRange('1.20.5', '1.20')).toBe(true);
    expect(inRange('1.20.5', '')).toBe(true);
  });
});

describe('sizes and durations', () => {
  it('reads what Flink reads and what Flink writes', () => {
    expect(parseBytes('112m')).toBe(117_440_512);
    expect(parseBytes('64 mb')).toBe(67_108_864);
    expect(parseBytes('67108864b')).toBe(67_108_864);
    expect(parseBytes('1.688gb (1811939328 bytes)')).toBe(1_811_939_328);
    expect(parseBytes('0 bytes')).toBe(0);
    expect(parseBytes('many')).toBeUndefined();
    expect([
      parseDuration('10 s'),
      parseDuration('PT5M'),
      parseDuration('1 min'),
      parseDuration('60000'),
      parseDuration('soon'),
    ]).toEqual([10_000, 300_000, 60_000, 60_000, undefined]);
  });
});
