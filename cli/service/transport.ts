// Finds settings that let secrets or logs cross a network unencrypted. Takes settings; returns sentences for the log of
// a service, each with the fix. Pure functions.
import { isLoopback } from '../../api/auth/roles.js';
import type { Settings } from '../../core/config/settings.js';

/** Returns the sentences. `part` is the kind of service, which decides whether the page is checked. */
export function findClearText(settings: Settings, part: 'up' | 'api' | 'analyzer' | 'agent'): readonly string[] {
  return [...(part === 'up' || part === 'api' ? checkPage(settings) : []), ...checkStore(settings)];
}

function checkPage(settings: Settings): readonly string[] {
  const listen = settings['api.listen'];
  const host = listen.slice(0, Math.max(0, listen.lastIndexOf(':')));
  if (isLoopback(host) || settings['api.certFile'] !== '' || settings['api.trustedProxies'].length > 0) return [];
  return [
    `api.listen is ${listen} without TLS: passwords, tokens and logs go over the network in the clear. Set api.certFile and api.keyFile, or put a proxy with TLS in front and name it in api.trustedProxies.`,
  ];
}

function checkStore(settings: Settings): readonly string[] {
  const hasSecret = settings['store.apiKey'] !== '' || settings['store.password'] !== '';
  if (settings['store.kind'] !== 'elasticsearch') return [];
  return settings['store.urls'].flatMap((text) => {
    const url = URL.canParse(text) ? new URL(text) : undefined;
    const isClear = url?.protocol === 'http:' && !isLoopback(url.hostname);
    if (!isClear || !(hasSecret || url.password !== '')) return [];
    return [
      `store.urls has http://${url.host}: the key or password of Elasticsearch and all records go over the network in the clear. Give an address of https:// (and store.caFile for an authority of your own).`,
    ];
  });
}
