// Checks the numbered faults that the agent survives, F01 to F45 (docs/agent.md). Exactly one test shows each fault;
// its title begins with the number. The table of the page has exactly one row for each.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const FAULTS = Array.from({ length: 45 }, (_, index) => `F${String(index + 1).padStart(2, '0')}`);

/** Pattern of a title, also of a test that runs with several values. */
const TITLE = String.raw`\b(?:it|describe)(?:\.each\([^()]*\))?\(\s*['"\x60]`;

function listTests(): string[] {
  return ['agent', 'test'].flatMap((folder) =>
    readdirSync(join(ROOT, folder), { withFileTypes: true, recursive: true })
      .filter((item) => item.isFile() && item.name.endsWith('.test.ts'))
      .map((item) => join(item.parentPath, item.name)),
  );
}

describe('the faults', () => {
  it('are each shown by one test', () => {
    const named = listTests().flatMap((file) =>
      [...readFileSync(file, 'utf8').matchAll(new RegExp(`${TITLE}(F\\d\\d): `, 'g'))].map(([, number]) => number),
    );

    expect(named.sort()).toEqual(FAULTS);
  });

  it('have each a row in docs/agent.md that names the file of its test', () => {
    const rows = readFileSync(join(ROOT, 'docs/agent.md'), 'utf8').matchAll(/^\| (F\d\d) \|.*\| `([^`|]+)` \|$/gm);
    const tests = new Map([...rows].map(([, number = '', file = '']) => [number, file]));

    expect([...tests.keys()]).toEqual(FAULTS);
    for (const [number, file] of tests)
      expect(readFileSync(join(ROOT, file), 'utf8'), `${number} in ${file}`).toMatch(new RegExp(`${TITLE}${number}: `));
  });
});
