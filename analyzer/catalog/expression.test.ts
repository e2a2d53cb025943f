import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { compileExpression, EXPRESSION_FUNCTIONS, type Value, type Values, type World } from './expression.js';

const options: Readonly<Record<string, string>> = {
  'taskmanager.memory.process.size': '1g',
  'heartbeat.timeout': '50 s',
  'taskmanager.numberOfTaskSlots': '4',
};

const world: World = {
  option: (key) => options[key],
  versionAtLeast: () => true,
  memory: (part) => (part === 'network' ? 67108864 : undefined),
  fitNetwork: (bytes) => ({ 'taskmanager.memory.network.min': `${bytes / 1048576}m` }),
  growMemory: () => undefined,
  parseSize: (text) => (text === '1g' ? 1073741824 : text === '32kb' ? 32768 : undefined),
  parseDuration: (text) => (text === '50 s' ? 50_000 : undefined),
};

function run(source: string, values: Values = {}): Value | undefined {
  const compiled = compileExpression(source);
  if ('problem' in compiled) throw new Error(compiled.problem);
  return compiled.expression.evaluate(values, world);
}

describe('compileExpression', () => {
  it('computes sizes in whole numbers', () => {
    expect(
      run('roundUp((total - available + required) * segment * 3 / 2, mib(16))', {
        total: 2048n,
        available: 0n,
        required: 17n,
        segment: 32768n,
      }),
    ).toBe(117440512n);
  });

  it('reads options, durations, memory and the fitting patch', () => {
    expect(run('optionDuration("heartbeat.timeout", "1 s")')).toBe(50_000n);
    expect(run('optionInt("taskmanager.numberOfTaskSlots", 1) * 2')).toBe(8n);
    expect(run('optionSize("missing", "32kb")')).toBe(32768n);
    expect(run('memory("network") == mib(64)')).toBe(true);
    expect(run('fitNetwork(need)', { need: 117440512n })).toEqual({ 'taskmanager.memory.network.min': '112m' });
  });

  it('has no value after a division by zero, a missing variable, option or memory part', () => {
    expect(run('10 / zero', { zero: 0n })).toBeUndefined();
    expect(run('unknown + 1')).toBeUndefined();
    expect(run('option("missing")')).toBeUndefined();
    expect(run('memory("nothing")')).toBeUndefined();
  });

  it('tells whether a value is known', () => {
    expect(run('known("a") && !known("b")', { a: 1n })).toBe(true);
  });

  it('names what an expression reads, without the variables of a macro', () => {
    const compiled = compileExpression('items.exists(x, x > limit)');

    expect('expression' in compiled && [...compiled.names].sort()).toEqual(['items', 'limit']);
  });

  it('refuses matches(), broken syntax and unknown functions in plain words', () => {
    expect(compileExpression('a.matches("x+")')).toMatchObject({ problem: expect.stringContaining('RE2') });
    expect(compileExpression('1 +')).toMatchObject({ problem: expect.stringContaining('not a valid expression') });
    expect(compileExpression('roundup(1, 2)')).toMatchObject({
      problem: expect.stringContaining('did you mean roundUp()'),
    });
  });
});

describe('the functions of expressions', () => {
  it('are all in the guide for rule authors', () => {
    const guide = readFileSync(new URL('../../rules/README.md', import.meta.url), 'utf8');

    for (const { signature } of EXPRESSION_FUNCTIONS)
      expect(guide, signature).toContain(`${signature.split('(')[0] ?? ''}(`);
  });
});
