import { describe, expect, it } from 'vitest';
import { checkExposure, findViewer, isLoopback } from './auth.js';

const TOKENS = [
  { name: 'a', token: 'aaaaaaaaaaaaaaaa', role: 'reader', scope: [] },
  { name: 'b', token: 'bbbbbbbbbbbbbbbb', role: 'admin', scope: ['team-*'] },
] as const;

describe('isLoopback', () => {
  it.each(['127.0.0.1', '127.9.9.9', 'localhost', '::1', '[::1]', 'LOCALHOST'])('takes %s for this machine', (host) =>
    expect(isLoopback(host)).toBe(true),
  );
  it.each(['0.0.0.0', '::', '10.0.0.1', '127.example.com', '1127.0.0.1', 'localhost.example.com'])(
    'takes %s for reachable by others',
    (host) => expect(isLoopback(host)).toBe(false),
  );
});

describe('checkExposure', () => {
  it('wants a token for every address that others can reach', () => {
    expect(() => checkExposure('0.0.0.0', [])).toThrow(/api\.tokens/);
    expect(() => checkExposure('0.0.0.0', TOKENS)).not.toThrow();
    expect(() => checkExposure('127.0.0.1', [])).not.toThrow();
  });
});

describe('findViewer', () => {
  it('gives the role and the scope of the token', () => {
    expect(findViewer('Bearer aaaaaaaaaaaaaaaa', TOKENS)).toEqual({ name: 'a', role: 'reader', scope: undefined });
    expect(findViewer('bearer bbbbbbbbbbbbbbbb', TOKENS)).toEqual({ name: 'b', role: 'admin', scope: [['team-', '']] });
  });

  it.each([
    undefined,
    '',
    'Bearer',
    'Bearer x',
    'Basic aaaaaaaaaaaaaaaa',
    'Bearer aaaaaaaaaaaaaaaab',
    'aaaaaaaaaaaaaaaa',
  ])('refuses %s', (header) => {
    expect(() => findViewer(header, TOKENS)).toThrow(/token/);
  });

  it('opens everything when there are no tokens', () =>
    expect(findViewer(undefined, [])).toMatchObject({ role: 'admin', scope: undefined }));
});
