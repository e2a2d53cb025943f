import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import {
  compileExpression,
  EXPRESSION_FUNCTIONS,
  type Value,
  type Values,
  type EvaluationContext,
} from './expression.js';

const options: Readonly<Record<string, string>> = {
  'taskmanager.memory.process.size': '1g',
  'heartbeat.timeout': '50 s',
  'taskmanager.numberOfTaskSlots': '4',
};

const world: EvaluationContext = {
  option: (key) => options[key],
  optionNamed: (value) => Object.keys(options).find((key) => options[key] === value),
  links: () => ['a.JobException: stopped', 'b.LedgerException: closed'],
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

describe('an expression about the job', () => {
  it('names the option that has a value, and asks each exception of the chain', () => {
    expect(run('optionNamed(slots)', { slots: 4n })).toBe('taskmanager.numberOfTaskSlots');
    expect(run('optionNamed("50 s")')).toBe('heartbeat.timeout');
    expect(run('optionNamed(slots)', { slots: 5n })).toBeUndefined();
    expect(run('links().exists(link, link.startsWith("b.LedgerException"))')).toBe(true);
    expect(run('links().size()')).toBe(2n);
  });
});

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

describe('the budget of an expression', () => {
  const refusal = (source: string): string => {
    const compiled = compileExpression(source);
    return 'problem' in compiled ? compiled.problem : 'none';
  };
  const nest = (levels: number): string => (levels === 0 ? 'x' : `[1,2,3,4,5,6,7,8,9,10].map(x, ${nest(levels - 1)})`);

  it('refuses what has too many terms, nests too deeply or is too long, at once', () => {
    expect(refusal(Array.from({ length: 20_000 }, () => '1').join('+'))).toContain('at most 20000 are allowed');
    expect(refusal(Array.from({ length: 9_000 }, () => '1').join('+'))).toContain('more than 2000 terms');
    expect(refusal(`${'('.repeat(5_000)}1${')'.repeat(5_000)}`)).toContain('more than 150 deep');
    expect(refusal(`${'-('.repeat(5_000)}1${')'.repeat(5_000)}`)).toContain('more than 150 deep');
    expect(refusal(`[${'['.repeat(5_000)}]`)).toContain('more than 150 deep');
  });

  it('refuses lists that are walked inside one another too often', () => {
    expect(refusal(nest(8))).toContain('at most 100000 are allowed');
    expect(refusal('a.exists(x, b.exists(y, c.exists(z, x == y && y == z)))')).toContain('nest fewer');
    expect(refusal('text.split("").exists(a, text.split("").exists(b, a == b))')).toContain('nest fewer');
  });

  it('refuses a name that is bound to what holds another many times', () => {
    const grow = (levels: number, name: string): string =>
      levels === 0
        ? name
        : `cel.bind(${name}n, ${name} + ${name} + ${name} + ${name}, ${grow(levels - 1, `${name}n`)})`;

    expect(refusal(grow(8, 'a'))).toContain('nest fewer');
  });

  it('lets through what rules need', () => {
    expect(run('["a", "b"].exists(x, ["b", "c"].exists(y, x == y))')).toBe(true);
    expect(run(Array.from({ length: 900 }, () => '1').join('+'))).toBe(900n);
    expect(run('cel.bind(b, text + text, b.contains("xx"))', { text: 'x' })).toBe(true);
  });

  it('has no value where the value would be too large to go on with', () => {
    expect(run('text + text', { text: 'x'.repeat(40_000) })).toBeUndefined();
    expect(run('text + text', { text: 'x'.repeat(20_000) })).toHaveLength(40_000);
  });
});

describe('the functions of expressions', () => {
  it('are all in the guide for rule authors', () => {
    const guide = readFileSync(new URL('../../rules/README.md', import.meta.url), 'utf8');

    for (const { signature } of EXPRESSION_FUNCTIONS)
      expect(guide, signature).toContain(`${signature.split('(')[0] ?? ''}(`);
  });
});
