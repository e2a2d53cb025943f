import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { loadCatalog } from '../catalog/catalog.js';
import { makeFolder } from '../testing/samples.js';
import { proveRule } from './proof.js';

const guide = readFileSync('rules/README.md', 'utf8');

describe('the guide for rule authors', () => {
  it('begins with a rule that is proven by its own cases', () => {
    const folder = makeFolder();
    const example = /```yaml\n([^]*?)```/.exec(guide)?.[1] ?? '';
    mkdirSync(join(folder, 'connector', 'ledger'), { recursive: true });
    writeFileSync(join(folder, 'connector', 'ledger', 'closed.yaml'), example);
    writeFileSync(
      join(folder, 'causes.yaml'),
      'connector.ledger: { owner: connector, title: { en: "Ledger refused a write", zh: "账本拒绝写入" } }\n',
    );
    const catalog = loadCatalog({ extra: [folder] });
    const rule = catalog.findRule('connector.ledger/closed');
    const results = rule === undefined ? [] : proveRule(rule, catalog);

    expect(results.map(({ name, problem }) => [name?.slice(0, 8), problem])).toEqual([
      ['1 throws', undefined],
      ['2 throws', undefined],
      ['3 near-l', undefined],
    ]);
  });

  it('fits on 200 lines', () => {
    expect(guide.trimEnd().split('\n').length).toBeLessThanOrEqual(200);
  });
});
