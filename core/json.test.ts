import { describe, expect, it } from 'vitest';
import { isObject } from './json.js';

describe('isObject', () => {
  it.each([[{}], [{ a: 1 }], [JSON.parse('{"a":null}')]])('takes the map %j', (value) =>
    expect(isObject(value)).toBe(true),
  );

  it.each([[[]], [[{}]], [null], [undefined], ['{}'], [1]])('does not take %j', (value) =>
    expect(isObject(value)).toBe(false),
  );
});
