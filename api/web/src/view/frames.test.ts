import { describe, expect, it } from 'vitest';
import { createCodeOwners } from '../../../../flink/trace/packages.ts';
import { foldFrames, shortFrame, shortName } from './frames.ts';

const CODE = createCodeOwners(
  new Map([
    ['java', 'neutral'],
    ['org.apache.flink', 'framework'],
  ]),
  new Set(),
);
const OWN = 'com.acme.Orders.map(Orders.java:41)';
const LIBRARY = [
  'org.apache.flink.A.a(A.java:1)',
  'org.apache.flink.B.b(B.java:2)',
  'java.lang.Thread.run(Thread.java:3)',
];
const show = (frames: readonly string[], isRoot: boolean): readonly string[] =>
  foldFrames(frames, isRoot, CODE).map(({ frames: own, isFolded }) => `${own.length}${isFolded ? ' folded' : ''}`);

describe('the frames of an opened trace', () => {
  it("fold between frames of the user's own code", () => {
    expect(show([...LIBRARY, OWN, ...LIBRARY], false)).toEqual(['3 folded', '1', '3 folded']);
  });

  it('stay open if they are two', () => {
    expect(show([OWN, ...LIBRARY.slice(1)], false)).toEqual(['1', '2']);
  });

  it('always show what threw the root', () => {
    expect(show([...LIBRARY, ...LIBRARY], true)).toEqual(['1', '5 folded']);
    expect(show([...LIBRARY, ...LIBRARY], false)).toEqual(['6 folded']);
  });
});

it('shortens classes and frames to what a row has room for', () => {
  expect(shortName('com.acme.Reader$Fetcher')).toBe('Reader$Fetcher');
  expect(shortFrame('com.acme.Reader$Fetcher.read(Reader.java:42)')).toBe('Reader$Fetcher.read:42');
  expect(shortFrame('app//com.acme.Reader.read(Unknown Source)')).toBe('Reader.read');
});
