// Test helper: a real OpenID Connect provider with given groups, and a browser that signs in there. Only tests import
// this file.
import { createServer as createHttpServer } from 'node:http';
import { createServer as createNetServer, type AddressInfo } from 'node:net';
import Provider from 'oidc-provider';

export const CLIENT = { id: 'jobtrace', secret: 'secret-of-jobtrace' } as const;

export interface RunningProvider {
  readonly issuer: string;
  close(): Promise<void>;
}

/** Returns a free port for a service whose address must be known before it starts. */
export async function findFreePort(): Promise<number> {
  const server = createNetServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** Starts a provider. `groups`: groups by name of each person who may sign in, with any password. */
export async function startProvider(
  redirectUris: readonly string[],
  groups: Readonly<Record<string, readonly string[]>>,
): Promise<RunningProvider> {
  const idp = createHttpServer();
  await new Promise<void>((resolve) => idp.listen(0, '127.0.0.1', resolve));
  const issuer = `http://127.0.0.1:${(idp.address() as AddressInfo).port}`;
  const provider = new Provider(issuer, {
    clients: [
      {
        client_id: CLIENT.id,
        client_secret: CLIENT.secret,
        token_endpoint_auth_method: 'client_secret_post',
        redirect_uris: [...redirectUris],
        grant_types: ['authorization_code'],
        response_types: ['code'],
      },
    ],
    claims: { openid: ['sub'], profile: ['preferred_username', 'groups'] },
    findAccount: (_context, id) => ({
      accountId: id,
      claims: async () => ({ sub: id, preferred_username: id, groups: [...(groups[id] ?? [])] }),
    }),
    // The provider grants access without asking the person for consent.
    loadExistingGrant: async (context) => {
      const grant = new context.oidc.provider.Grant({
        clientId: context.oidc.client?.clientId,
        accountId: context.oidc.session?.accountId,
      });
      grant.addOIDCScope('openid profile email');
      await grant.save();
      return grant;
    },
    cookies: { keys: ['a key of the test'] },
    pkce: { required: () => true },
  });
  idp.on('request', provider.callback());
  return {
    issuer,
    close: async () => {
      idp.closeAllConnections();
      await new Promise((resolve) => idp.close(resolve));
    },
  };
}

/** Browser that follows redirects and keeps cookies by origin. */
export class Browser {
  readonly cookies = new Map<string, string>();

  /** `url` is the address of the service that the browser visits. */
  constructor(private readonly url: string) {}

  async send(
    address: string,
    init: Pick<RequestInit, 'method' | 'body'> = {},
  ): Promise<{ readonly at: URL; readonly text: string }> {
    const at = new URL(address);
    const own = [...this.cookies].filter(([key]) => key.startsWith(`${at.origin} `));
    const cookie = own.map(([key, value]) => `${key.slice(at.origin.length + 1)}=${value}`).join('; ');
    const response = await fetch(at, { ...init, redirect: 'manual', headers: { cookie } });
    for (const line of response.headers.getSetCookie()) {
      const [pair = ''] = line.split(';');
      const [name = '', value = ''] = [pair.slice(0, pair.indexOf('=')), pair.slice(pair.indexOf('=') + 1)];
      if (value === '' || /expires=Thu, 01 Jan 1970/i.test(line)) this.cookies.delete(`${at.origin} ${name}`);
      else this.cookies.set(`${at.origin} ${name}`, value);
    }
    const text = await response.text();
    const location = response.headers.get('location');
    return location === null ? { at, text } : this.send(new URL(location, at).href);
  }

  /** Opens the form of the provider and submits it. */
  async signIn(name: string): Promise<URL> {
    const form = await this.send(`${this.url}/api/v1/oidc/start`);
    if (!form.text.includes('name="login"')) throw new Error(`No form to sign in: ${form.at.href} ${form.text}`);
    const body = new URLSearchParams({ prompt: 'login', login: name, password: 'any' });
    return (await this.send(form.at.href, { method: 'POST', body })).at;
  }

  cookie(): string {
    return `jobtrace=${this.cookies.get(`${this.url} jobtrace`) ?? ''}`;
  }

  /** Returns the service's answer to the question who is signed in. */
  async viewer(): Promise<{ readonly status: number; readonly text: string }> {
    const answer = await fetch(`${this.url}/api/v1/viewer`, { headers: { cookie: this.cookie() } });
    return { status: answer.status, text: await answer.text() };
  }
}
