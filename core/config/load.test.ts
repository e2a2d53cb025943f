import { describe, expect, it } from 'vitest';
import { loadText } from './testing/sample.js';

describe('loadSettings', () => {
  it('prefers a flag to the environment, the environment to the file, the file to the default', () => {
    const text = 'logLevel: warn\nlanguage: zh\napi:\n  listen: 127.0.0.1:1\n';
    const { settings, origins } = loadText(text, {
      environment: { JOBTRACE_LOG_LEVEL: 'debug', JOBTRACE_LISTEN: '127.0.0.1:2' },
      flags: { 'api.listen': '127.0.0.1:3' },
    });

    expect([settings['api.listen'], settings.logLevel, settings.language, settings['store.kind']]).toEqual([
      '127.0.0.1:3',
      'debug',
      'zh',
      'sqlite',
    ]);
    expect([origins['api.listen'], origins['logLevel'], origins['language'], origins['store.kind']]).toEqual([
      'flag',
      'environment',
      'file',
      'default',
    ]);
  });

  it('takes paths from the file relative to the file, and lists from the environment by commas', () => {
    const { settings } = loadText('dataDir: data\nanalyzer:\n  rulesDirs: [rules]\n', {
      environment: { JOBTRACE_STORE_URL: 'http://a:9200, http://b:9200' },
    });

    expect(settings.dataDir).toBe('/etc/jobtrace/data');
    expect(settings['analyzer.rulesDirs']).toEqual(['/etc/jobtrace/rules']);
    expect(settings['store.urls']).toEqual(['http://a:9200', 'http://b:9200']);
  });

  it('reads secrets from files, also those of receivers and tokens', () => {
    const { settings } = loadText(
      'store:\n  passwordFile: pw\nnotify:\n  receivers:\n    - { name: a, kind: webhook, urlFile: url }\napi:\n  tokens:\n    - { name: b, role: reader, tokenFile: token }\n',
    );

    expect(settings['store.password']).toBe('content-of/etc/jobtrace/pw');
    expect(settings['notify.receivers']).toEqual([
      { name: 'a', kind: 'webhook', language: 'en', url: 'https://content-of/etc/jobtrace/url' },
    ]);
    expect(settings['api.tokens']).toEqual([
      { name: 'b', role: 'reader', scope: [], token: 'content-of/etc/jobtrace/token' },
    ]);
  });

  it.each([
    ['in the file', 'store:\n  password: a\n  passwordFile: b\n', {}],
    ['in file and environment', 'store:\n  password: a\n', { JOBTRACE_STORE_PASSWORD: 'b' }],
    ['in a receiver', 'notify:\n  receivers:\n    - { name: a, kind: webhook, url: "http://a", urlFile: b }\n', {}],
  ])('refuses a secret that is given twice %s', (_, text, environment) => {
    expect(() => loadText(text, { environment })).toThrowError(
      expect.objectContaining({ code: 'JT_CONFIG_SECRET_TWICE' }),
    );
  });

  it.each([
    ['a token of one character', 'api:\n  tokens:\n    - { name: b, role: reader, tokenFile: t }\n', 'x'],
    ['a token of 15 characters', 'api:\n  tokens:\n    - { name: b, role: reader, tokenFile: t }\n', 'x'.repeat(15)],
    [
      'a token that no header can carry',
      'api:\n  tokens:\n    - { name: b, role: reader, tokenFile: t }\n',
      'ключ-0123456789abc xxx',
    ],
    ['an empty token', 'api:\n  tokens:\n    - { name: b, role: reader, tokenFile: t }\n', ''],
    ['no address', 'notify:\n  receivers:\n    - { name: b, kind: webhook, urlFile: t }\n', 'ftp://x'],
  ])('refuses %s in a file as in the settings, and does not say it', (_, text, secret) => {
    expect(() => loadText(text, { readSecret: () => secret })).toThrowError(
      expect.objectContaining({ code: 'JT_CONFIG_INVALID', message: expect.stringContaining('/etc/jobtrace/t') }),
    );
    expect(() => loadText(text, { readSecret: () => secret })).not.toThrowError(/xxx|ftp/);
  });

  it('refuses a token that no header can carry, and does not say it', () => {
    const text = 'api:\n  tokens:\n    - { name: b, role: reader, token: "ключ-0123456789abc xxx" }\n';

    expect(() => loadText(text)).toThrowError(/printable ASCII characters without spaces/);
    expect(() => loadText(text)).not.toThrowError(/ключ|xxx/);
  });

  it('does not repeat a secret that it refuses', () => {
    const text =
      'api:\n  tokens:\n    - { name: b, role: reader, token: sesame }\nstore:\n  password: 5354\nnotify:\n  receivers:\n    - { name: a, kind: webhook, url: "htps://sesame" }\n';

    expect(() => loadText(text)).toThrowError(/needs at least 16 characters/);
    expect(() => loadText(text)).not.toThrowError(/sesame|5354/);
  });

  it.each([
    [
      'a scope',
      (pattern: string) => `api:\n  tokens:\n    - { name: b, role: reader, tokenFile: t, scope: ["${pattern}"] }\n`,
    ],
    ['a mute', (pattern: string) => `notify:\n  mutes: ["${pattern}"]\n`],
  ])('refuses %s that no store could look for', (_, make) => {
    expect(() => loadText(make(`${'x'.repeat(254)}*`))).not.toThrow();
    expect(() => loadText(make(`${'x'.repeat(255)}*`))).toThrowError(/jobtrace\.yaml:\d+:\d+ .*255/);
  });

  it('says what is wrong with the environment', () => {
    expect(() => loadText(undefined, { environment: { JOBTRACE_LOG_LEVEL: 'loud' } })).toThrowError(
      /JOBTRACE_LOG_LEVEL: is "loud", but must be one of trace, debug/,
    );
  });

  it('cannot be changed after it was loaded', () => {
    expect(() => Object.assign(loadText(undefined).settings, { language: 'zh' })).toThrow(TypeError);
  });
});
