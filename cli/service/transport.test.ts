import { expect, it } from 'vitest';
import { defaultSettings, type Settings } from '../../core/config/settings.js';
import { findClearText } from './transport.js';

const find = (settings: Partial<Settings>, part: Parameters<typeof findClearText>[1] = 'up'): string =>
  findClearText({ ...defaultSettings(), ...settings }, part).join(' ');

it.each(['0.0.0.0:8321', '[::]:8321', '10.1.2.3:80', 'node-7:8321', ':8321'])(
  'warns of a page at %s without TLS',
  (listen) => {
    expect(find({ 'api.listen': listen })).toContain(`api.listen is ${listen} without TLS`);
    expect(find({ 'api.listen': listen }, 'api')).toContain('without TLS');
    expect(find({ 'api.listen': listen }, 'agent')).toBe('');
    expect(find({ 'api.listen': listen, 'api.certFile': '/c.pem' })).toBe('');
    expect(find({ 'api.listen': listen, 'api.trustedProxies': ['10.0.0.0/8'] })).toBe('');
  },
);

it.each(['127.0.0.1:8321', '[::1]:8321', 'localhost:0'])('does not warn of a page at %s', (listen) => {
  expect(find({ 'api.listen': listen })).toBe('');
});

it.each<[string, Partial<Settings>]>([
  ['http://es.example:9200', { 'store.apiKey': 'k' }],
  ['http://10.0.0.1:9200', { 'store.username': 'u', 'store.password': 'p' }],
  ['http://u:p@es.example:9200', {}],
])('warns of secrets sent to %s, and does not show them', (url, more) => {
  const text = find({ 'store.kind': 'elasticsearch', 'store.urls': ['https://ok:9200', url], ...more }, 'agent');
  expect(text).toContain('in the clear');
  expect(text).not.toContain('u:p');
});

it.each<[string, Partial<Settings>]>([
  ['https://es.example:9200', { 'store.apiKey': 'k' }],
  ['http://127.0.0.1:9200', { 'store.apiKey': 'k' }],
  ['http://[::1]:9200', { 'store.apiKey': 'k' }],
  ['http://es.example:9200', {}],
])('does not warn of %s', (url, more) => {
  expect(find({ 'store.kind': 'elasticsearch', 'store.urls': [url], ...more }, 'agent')).toBe('');
});
