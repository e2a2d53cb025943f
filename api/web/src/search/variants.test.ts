import { expect, it } from 'vitest';
import { listVariants } from './address.ts';

const show = (address: string): readonly string[] =>
  listVariants(new URLSearchParams(address)).map(({ name, what, address: to }) => `${name} ${what} → ${to.toString()}`);

it('offers parts of words, each filter less, all time, and no words', () => {
  expect(show('query=broker&range=1h&host=n1&-level=INFO')).toEqual([
    expect.stringMatching(/^beginOfWord broker\* → query=broker\*/),
    expect.stringMatching(/^partOfWord \*broker\* → /),
    'withoutFilter -level: INFO → query=broker&range=1h&host=n1',
    'withoutFilter host: n1 → query=broker&range=1h&-level=INFO',
    'inAllTime  → query=broker&range=all&host=n1&-level=INFO',
    'withoutWords  → range=1h&host=n1&-level=INFO',
  ]);
});

it('offers only more time for a search without words and filters, and forgets a zoomed range', () => {
  expect(show('from=a&to=b')).toEqual(['inAllTime  → range=all']);
});
