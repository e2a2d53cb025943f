import { describe, expect, it } from 'vitest';
import { isLoopback, readBearer } from './roles.js';

describe('isLoopback', () => {
  it.each(['127.0.0.1', '127.9.9.9', 'localhost', '::1', '[::1]', 'LOCALHOST'])('takes %s for this machine', (host) =>
    expect(isLoopback(host)).toBe(true),
  );
  it.each(['0.0.0.0', '::', '10.0.0.1', '127.example.com', '1127.0.0.1', 'localhost.example.com'])(
    'takes %s for reachable by others',
    (host) => expect(isLoopback(host)).toBe(false),
  );
});

describe('readBearer', () => {
  it('gives the token', () => {
    expect(readBearer('Bearer aaaaaaaaaaaaaaaa')).toBe('aaaaaaaaaaaaaaaa');
    expect(readBearer('bearer  bbbbbbbbbbbbbbbb ')).toBe('bbbbbbbbbbbbbbbb');
    expect(readBearer(undefined)).toBeUndefined();
  });

  it.each(['', 'Bearer', 'Basic aaaaaaaaaaaaaaaa', 'aaaaaaaaaaaaaaaa', 'Bearer a b'])('refuses %s', (header) => {
    expect(() => readBearer(header)).toThrow(/token/);
  });
});
