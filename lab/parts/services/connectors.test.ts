import { existsSync } from 'node:fs';
import { basename } from 'node:path';
import { expect, it } from 'vitest';
import { CONNECTORS, getConnectors } from './connectors.js';
import { describeWithParts } from '../testing/describe-part.js';
import { FLINK_VERSIONS } from './conf.js';

for (const version of FLINK_VERSIONS) {
  describeWithParts([`connectors-${version}`], `getConnectors ${version}`, () => {
    const names = CONNECTORS.filter((name) => version !== '2.3' || name !== 'elasticsearch');

    it.each(names)('has the jars of %s', async (name) => {
      const jars = await getConnectors([name], version);

      expect(jars.filter((jar) => !existsSync(jar))).toEqual([]);
      expect(jars.map((jar) => basename(jar)).join()).toMatch(name === 'jdbc' ? /jdbc.*postgresql/ : new RegExp(name));
    });
  });
}

describeWithParts(['connectors-2.3'], 'getConnectors', () => {
  it('says what a version has none of', async () => {
    await expect(getConnectors(['elasticsearch'], '2.3')).rejects.toThrow('Flink 2.3 has no connector "elasticsearch"');
  });
});
