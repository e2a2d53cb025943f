import { describe, expect, it } from 'vitest';
import { parseGlob } from '../core/text/glob.js';
import { isInScope } from './scope.js';

describe('isInScope', () => {
  const owned = { cluster: 'prod.eu', jobId: 'j1', jobName: 'orders by day' };

  it.each([[['prod.*']], [['j1']], [['orders*']], [['x', '*day']], [['*']]])('lets %j see it', (scope) =>
    expect(isInScope(owned, scope.map(parseGlob))).toBe(true),
  );
  it.each([[['prod']], [['prodXeu']], [['orders']], [[]], [['ORDERS*']]])('does not let %j see it', (scope) =>
    expect(isInScope(owned, scope.map(parseGlob))).toBe(false),
  );

  it('lets those without a scope see everything', () => expect(isInScope(owned, undefined)).toBe(true));
});
