// Tests the permissions of a user who belongs to several teams, and of a user whose scope names a team.
import { describe, expect, it } from 'vitest';
import { parseGlob } from '../../core/text/glob.js';
import type { Role } from '../../core/documents/user.js';
import { checkRole, highestRole, joinGrants, narrowViewer, type Viewer } from './roles.js';
import { bearer, get, messages, startServer } from '../testing/server.js';

const glob = (text: string) => [parseGlob(text)];
const viewer = (...grants: readonly (readonly [Role, string | undefined])[]): Viewer => ({
  name: 'ada',
  kind: 'user',
  ...joinGrants(grants.map(([role, scope]) => ({ role, scope: scope === undefined ? undefined : glob(scope) }))),
});

describe('somebody of two teams', () => {
  it('sees what one of them sees, and writes where it may write', () => {
    const ada = viewer(['reader', 'orders-*'], ['author', 'fraud-*']);

    expect(narrowViewer(ada, 'reader').scope).toEqual([...glob('orders-*'), ...glob('fraud-*')]);
    expect(narrowViewer(ada, 'author').scope).toEqual(glob('fraud-*'));
    expect(highestRole(narrowViewer(ada, 'reader'))).toBe('author');
    expect(() => checkRole(ada, 'admin')).toThrow('needs the role "admin"');
  });

  it('is no administrator of all clusters because it is one of one team', () => {
    const ada = narrowViewer(viewer(['admin', 'orders-*'], ['reader', undefined]), 'reader');

    expect(ada.scope).toBeUndefined();
    expect(ada.role).toBe('reader');
  });
});

describe('a scope that names a team', () => {
  const ADMIN = { name: 'root', token: 'admin-0123456789abcdef', role: 'admin', scope: [] } as const;
  const make = (url: string, scope: readonly string[]) =>
    get(`${url}/api/v1/tokens`, {
      method: 'POST',
      body: JSON.stringify({ name: 'a', role: 'reader', scope }),
      headers: { ...bearer(ADMIN.token).headers, 'content-type': 'application/json' },
    });

  it('is what the team has at the moment, and nothing when the team is gone', async () => {
    const teams = [{ name: 'shop', scope: ['order*'] }];
    const started = await startServer({ settings: { tokens: [ADMIN], teams } });
    const { secret } = JSON.parse((await make(started.url, ['team:shop'])).text) as { readonly secret: string };
    const see = async () => messages((await get(`${started.url}/api/v1/records`, bearer(secret))).body);

    expect(await see()).toEqual(['orders met java.io.IOException', 'orders started']);
    teams[0] = { name: 'shop', scope: ['fraud'] };
    expect(await see()).toEqual(['fraud started']);
    teams.length = 0;
    expect(await see()).toEqual([]);
  });

  it('is refused when nobody defines the team', async () => {
    const { url } = await startServer({ settings: { tokens: [ADMIN], teams: [{ name: 'shop', scope: ['order*'] }] } });

    expect(await make(url, ['team:shpo'])).toMatchObject({
      status: 400,
      body: { error: { message: expect.stringContaining('did you mean "shop"') } },
    });
  });
});
