import { describe, expect, it } from 'vitest';
import { findNearest } from './nearest.js';

describe('findNearest', () => {
  it.each([
    ['sevrity', ['severity', 'status'], 'severity'],
    ['EROR', ['TRACE', 'WARN', 'ERROR'], 'ERROR'],
    ['warning', ['ERROR', 'WARN'], 'WARN'],
    ['comp', ['component', 'cluster'], 'component'],
    ['network.buffers', ['network.buffers/total', 'network.buffers/a'], 'network.buffers/a'],
    ['tn', ['job', 'tm'], 'tm'],
  ])('takes %s of %j for %s', (word, known, nearest) => expect(findNearest(word, known)).toBe(nearest));

  it.each([
    ['colour', ['severity', 'status']],
    ['x', ['xml', 'tm']],
    ['job', ['tm', 'pod']],
    ['', ['id']],
    ['any', []],
  ])('takes %j for none of %j', (word, known) => expect(findNearest(word, known)).toBeUndefined());
});
