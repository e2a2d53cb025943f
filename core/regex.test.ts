import { describe, expect, it } from 'vitest';
import { createRegex, deferRegex } from './regex.js';

function run(source: string, text: string): unknown {
  const found = deferRegex(source).exec(text);
  return found === null ? null : { ...found.groups };
}

describe('deferRegex', () => {
  it('refuses what RE2 lacks only when it is used', () => {
    const pattern = deferRegex('(?=a)');

    expect(() => pattern.exec('a')).toThrow('look-ahead');
  });

  it('holds the bounds of what is repeated', () => {
    const long = `${'x'.repeat(50)}y`;

    expect(run('(?P<what>x{1,3}y)', long)).toEqual({ what: 'xxxy' });
    expect(run('(?P<what>[a-x]{1,40})', long)).toEqual({ what: 'x'.repeat(40) });
    expect(run('^[a-x]{1,40}y', long)).toBeNull();
    expect(run('(?P<what>[a-x]{1,40})y', long)).toEqual({ what: 'x'.repeat(40) });
    expect(run('^[a-x]{1,50}(?P<what>y)', long)).toEqual({ what: 'y' });
  });

  it('leaves their numbers to the groups', () => {
    const groups = (source: string): readonly (string | undefined)[] => [
      ...(deferRegex(source).exec('call to node-1/10.0.0.5:8020 failed') ?? []),
    ];

    expect(groups('to (?:[\\w.-]{1,100}/)?([\\w.-]{1,100}:\\d{1,5})')).toEqual([
      'to node-1/10.0.0.5:8020',
      '10.0.0.5:8020',
    ]);
    expect(groups('(call|send) to ([a-z]{1,50})-(?P<port>\\d{1,60})')).toEqual(['call to node-1', 'call', 'node', '1']);
  });

  it('counts characters, not their halves', () => {
    expect(run('^(?P<what>[^a]{1,40})a', `${'😀'.repeat(40)}a`)).toEqual({ what: '😀'.repeat(40) });
    expect(run('^(?P<what>[^a]{1,40})a', `${'😀'.repeat(41)}a`)).toBeNull();
  });

  it.each([
    String.raw`(?P<what>[^\n]{1,60})`,
    String.raw`(?P<what>[^\n:]{1,60}?): (?P<rest>[^\n]{0,60})`,
    String.raw`(?:a[^\n]{1,60};)+(?P<rest>[^;]{1,60})`,
    String.raw`(?s)(?P<what>a.{0,80}?)(?:b|\n.{1,60}c)(?P<rest>\w{1,60})?$`,
    String.raw`(?P<what>;[^\]\n]{0,60}\]|:[^x\n]{0,60}x|[^\n]{0,60};)`,
    String.raw`\\[^\n]{1,60}\](?P<what>[^\]\\]{40,60})`,
    String.raw`(?P<what>(?:[ab:]{1,60}[cx]){1,2}[a-c]{0,60})x?`,
  ])('finds what RE2 finds: %s', (source) => {
    const exact = createRegex(source);
    let seed = 11;
    const random = (below: number): number => {
      seed = (seed * 16_807) % 2_147_483_647;
      return Math.floor((seed / 2_147_483_647) * below);
    };
    let met = 0;
    for (let round = 0; round < 3000; round++) {
      const text = Array.from({ length: 1 + random(8) }, () =>
        ('abcx;: \n]\\'[random(10)] ?? '').repeat(1 + random(random(2) === 0 ? 3 : 45)),
      ).join('');
      const found = exact.exec(text);
      if (found !== null) met++;

      expect(run(source, text), JSON.stringify(text)).toEqual(found === null ? null : { ...found.groups });
    }

    expect(met).toBeGreaterThan(10);
  });
});
