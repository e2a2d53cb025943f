import { describe, expect, it } from 'vitest';
import { createFormSplitter, findForm } from './form.js';
import { createSplitter, type SplitEntry, type Splitter } from './split.js';
import { findEnd } from './streams.js';

type Stream = 'stdout' | 'stderr';

const DATED = '2026-08-07 05:43:13,867 ERROR a.b.C [] - failed';
const TRACE = [DATED, 'java.lang.IllegalStateException: foo', '\tat a.B.c(B.java:7)', '\tat a.B.d(B.java:8)'];

/** Renders a line of CRI; `second` is the second in which the runtime wrote it. */
function cri(text: string, stream: Stream = 'stdout', second = 0, tag = 'F'): string {
  return `2026-08-07T05:43:${String(second).padStart(2, '0')}.000000001Z ${stream} ${tag} ${text}\n`;
}

function docker(text: string, stream: Stream = 'stdout', second = 0): string {
  const time = `2026-08-07T05:43:${String(second).padStart(2, '0')}.000000001Z`;
  return `${JSON.stringify({ log: text, stream, time })}\n`;
}

function open(bytes: Buffer, offset = 0, maxEntryBytes?: number): Splitter {
  return createFormSplitter({ kind: 'log', form: findForm(bytes), offset, maxEntryBytes });
}

function splitText(text: string): string[] {
  const bytes = Buffer.from(text);
  const splitter = open(bytes);
  return [...splitter.push(bytes), ...splitter.flush()].map((entry) => entry.bytes.toString());
}

/** Renders everything of an entry but the line number and the offset to resume from. */
function shape({ bytes, offset, length, flags, ranges }: SplitEntry): string {
  return JSON.stringify([offset, length, flags, ranges, bytes.toString('latin1')]);
}

function createRandom(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

/**
 * Creates the output of two writers into one file, with every shape of line, pauses and long silences of one of them.
 */
function randomFile(random: (below: number) => number): Buffer {
  const shapes = [DATED, ...TRACE, 'Caused by: java.io.IOException: größer', '', 'printed', 'x'.repeat(3000), '\tat'];
  const render = random(2) === 0 ? cri : docker;
  let second = 0;
  const lines = Array.from({ length: 1 + random(60) }, () => {
    if (random(20) === 0) second = Math.min(59, second + 2);
    const stream = random(3) === 0 ? 'stderr' : 'stdout';
    const text = shapes[random(shapes.length)] ?? '';
    if (random(60) === 0) return `no wrapper ${text}\n`;
    if (render === docker) return docker(random(8) === 0 ? text : `${text}\n`, stream, second);
    return cri(text, stream, second, random(8) === 0 ? 'P' : 'F').repeat(random(40) === 0 ? 30 : 1);
  });
  return Buffer.from(render(DATED) + lines.join(''));
}

/** Pushes the chunks between random cuts; the memory of each chunk is overwritten afterwards. */
function pushCuts(splitter: Splitter, bytes: Buffer, random: (below: number) => number): SplitEntry[] {
  const cuts = Array.from({ length: random(30) }, () => random(bytes.length + 1)).sort((a, b) => a - b);
  const entries: SplitEntry[] = [];
  let from = 0;
  for (const cut of [...cuts, bytes.length]) {
    const chunk = Buffer.from(bytes.subarray(from, cut));
    entries.push(...splitter.push(chunk).map((entry) => ({ ...entry, bytes: Buffer.from(entry.bytes) })));
    chunk.fill(0);
    from = cut;
  }
  return entries;
}

describe('the streams of a container', () => {
  it.each([
    ['CRI', cri],
    ['Docker', (text: string, stream?: Stream) => docker(`${text}\n`, stream)],
  ])('are split each by itself: a line of stderr is no part of a trace of stdout (%s)', (_name, wrap) => {
    const [dated = '', header = '', first = '', second = ''] = TRACE;
    const lines = [
      wrap(dated),
      wrap(header),
      wrap('WARNING: An illegal reflective access', 'stderr'),
      wrap(first),
      wrap('Exception in thread "a" java.lang.Error: b', 'stderr'),
      wrap(second),
      wrap('\tat x.Y.z(Y.java:1)', 'stderr'),
      wrap(DATED),
    ];

    expect(splitText(lines.join(''))).toEqual(
      [[lines[0], lines[1], lines[3], lines[5]], [lines[2]], [lines[4], lines[6]], [lines[7]]].map((entry) =>
        entry.join('').trimEnd(),
      ),
    );
  });

  it('say where their entries stand', () => {
    const text = cri(DATED) + cri('warning', 'stderr') + cri('\tat a.B.c(B.java:7)') + cri('end', 'stderr');
    const bytes = Buffer.from(text);
    const splitter = open(bytes);
    const entries = [...splitter.push(bytes), ...splitter.flush()];

    for (const { bytes: own, offset, ranges } of entries) {
      const parts = (ranges ?? [[offset, offset + own.length] as const]).map(([start, end]) =>
        bytes.subarray(start, end),
      );
      expect(Buffer.concat(parts).toString()).toBe(own.toString());
    }
    expect(entries.map(({ offset, ranges }) => [offset, ranges?.length ?? 1])).toEqual([
      [0, 2],
      [cri(DATED).length, 1],
      [text.length - cri('end', 'stderr').length, 1],
    ]);
  });

  it('put the pieces of their lines together', () => {
    const lines = [cri('2026-08-07 05:43:13,867 ', 'stdout', 0, 'P'), cri('other', 'stderr'), cri('INFO a.b.C - text')];

    expect(splitText(lines.join(''))).toEqual([`${lines[0]}${lines[2]}`.trimEnd(), lines[1]?.trimEnd()]);
  });

  it('that never stand between each other give what they gave before', () => {
    for (let seed = 1; seed <= 50; seed += 1) {
      const random = createRandom(seed);
      const bytes = Buffer.from(randomFile(random).toString().replaceAll('stderr', 'stdout'));
      const before = createSplitter({ kind: 'log' });

      const now = open(bytes);
      expect([...now.push(bytes), ...now.flush()].map(shape), `seed ${seed}`).toEqual(
        [...before.push(bytes), ...before.flush()].map(shape),
      );
    }
  });

  it('do not wait long for an entry that may be over', () => {
    const soon = Buffer.from(cri(DATED, 'stdout', 0) + cri(DATED, 'stderr', 1) + cri(DATED, 'stderr', 1));
    const later = Buffer.from(cri(DATED, 'stdout', 0) + cri(DATED, 'stderr', 2) + cri(DATED, 'stderr', 2));
    const far = Buffer.from(cri(DATED) + cri(DATED, 'stderr').repeat(1000));

    expect(open(soon).push(soon)).toHaveLength(0);
    expect(open(later).push(later)).toHaveLength(2);
    expect(open(far).push(far)).toHaveLength(1000);
  });
});

describe('the splitter of streams', () => {
  it('gives the same entries however the file is cut, each once and in order', () => {
    for (let seed = 1; seed <= 150; seed += 1) {
      const random = createRandom(seed);
      const bytes = randomFile(random);
      const max = random(2) === 0 ? undefined : 4000;
      const whole = open(bytes, 0, max);
      const expected = [...whole.push(bytes), ...whole.flush()];
      const cut = open(bytes, 0, max);
      const entries = [...pushCuts(cut, bytes, random), ...cut.flush()];

      expect(entries.map(shape), `seed ${seed}`).toEqual(expected.map(shape));
      expect(entries.map(({ offset }) => offset)).toEqual(entries.map(({ offset }) => offset).sort((a, b) => a - b));
    }
  });

  it('gives the same entries when reading goes on from any offset that it named, and from where it stands', () => {
    for (let seed = 1; seed <= 150; seed += 1) {
      const random = createRandom(seed);
      const bytes = randomFile(random);
      const whole = open(bytes);
      const given = whole.push(bytes);
      const rest = whole.peek();
      const all = [...given, ...rest].map(shape);
      const places = [
        ...given.map(({ resume = -1 }, index) => [resume, index + 1] as const),
        [whole.resumeOffset, given.length] as const,
      ];
      for (const [resume, done] of places) {
        const again = open(bytes, resume);
        const shapes = [...again.push(bytes.subarray(resume)), ...again.flush()].map(shape);

        expect(
          shapes.filter((one) => !all.includes(one)),
          `seed ${seed}, from ${resume}`,
        ).toEqual([]);
        expect(
          all.slice(done).filter((one) => !shapes.includes(one)),
          `seed ${seed}, from ${resume}`,
        ).toEqual([]);
      }
      expect(whole.flush().map(shape)).toEqual(rest.map(shape));
      expect(rest.every((entry) => findEnd(entry) <= bytes.length)).toBe(true);
    }
  });
});

describe('a last line that ends within what the runtime puts in front', () => {
  it.each([
    ['CRI', cri],
    ['Docker', docker],
  ])('is no entry, wherever it ends: %s', (_name, render) => {
    const whole = render(DATED) + render('warning', 'stderr');
    const next = render(TRACE[0] ?? '', 'stderr');
    const prefix = next.slice(0, next.indexOf(DATED));

    for (let end = 1; end <= prefix.length; end += 1)
      expect(splitText(whole + prefix.slice(0, end)), prefix.slice(0, end)).toEqual(splitText(whole));
    expect(splitText(`${whole}${prefix}${DATED.slice(0, 1)}`)).not.toEqual(splitText(whole));
  });

  it('is the beginning of a line when it goes on', () => {
    const [whole, next] = [Buffer.from(cri(DATED)), Buffer.from(cri(DATED))];
    const splitter = open(whole);
    splitter.push(whole);

    for (const byte of next) {
      splitter.peek();
      splitter.push(Buffer.of(byte));
    }

    expect(splitter.peek().map(({ bytes }) => bytes.toString())).toEqual([cri(DATED).trimEnd()]);
  });
});
