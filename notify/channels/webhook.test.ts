import { describe, expect, it } from 'vitest';
import { makeReceiver } from '../../core/testing/incidents.js';
import { joinParts, signBody } from './webhook.js';

describe('signBody', () => {
  it('signs as Standard Webhooks does', () => {
    const receiver = makeReceiver({ secret: 'whsec_anRfdGVzdF9zZWNyZXRfMjRfYnl0ZXNfbG9uZyE=' });

    expect(
      signBody('{"type":"jobtrace.incident.opened"}', { receiver, id: 'msg_1', nowMs: 1_700_000_000_000 }),
    ).toMatchObject({
      'webhook-id': 'msg_1',
      'webhook-timestamp': '1700000000',
      'webhook-signature': 'v1,AOTTzFCiMpLUUCxRzYgnnSw3TSp6O+qF+R72NzlKC/U=',
    });
  });

  it('signs the body alone too, with a secret of any form', () => {
    // Expected value: echo -n '{}' | openssl dgst -sha256 -hmac secret
    expect(
      signBody('{}', { receiver: makeReceiver({ secret: 'secret' }), id: 'm', nowMs: 0 })['x-jobtrace-signature'],
    ).toBe('sha256=77325902caca812dc259733aacd046b73817372c777b8d95b402647474516e13');
  });

  it('does not sign without a secret', () => {
    expect(Object.keys(signBody('{}', { receiver: makeReceiver(), id: 'm', nowMs: 0 }))).toEqual([
      'webhook-id',
      'webhook-timestamp',
    ]);
  });
});

describe('joinParts', () => {
  it('lists further incidents under the first, and alerts side by side', () => {
    const part = (name: string) => ({ message: { type: 't', data: { name } }, brief: { name } });

    expect(joinParts([part('a')])).toEqual({ type: 't', data: { name: 'a' } });
    expect(joinParts([part('a'), part('b'), part('c')])).toEqual({
      type: 't',
      data: { name: 'a', related: [{ name: 'b' }, { name: 'c' }] },
    });
    expect(
      joinParts([
        { message: { version: '4', alerts: [{ a: 1 }] }, brief: {} },
        { message: { version: '4', alerts: [{ a: 2 }] }, brief: {} },
      ]),
    ).toEqual({ version: '4', alerts: [{ a: 1 }, { a: 2 }] });
  });
});
