import { describe, expect, it } from 'vitest';
import { describeSettings } from './describe.js';
import { loadText } from './testing/sample.js';
import { SETTINGS } from './settings.js';
import { isSecretName } from '../text/secrets.js';

describe('describeSettings', () => {
  it('hides every secret', () => {
    const rows = describeSettings(
      loadText(
        'store:\n  apiKey: sesame-1\nnotify:\n  receivers:\n    - { name: a, kind: webhook, url: "http://sesame-2", secret: sesame-3 }\napi:\n  tokens:\n    - { name: b, role: reader, token: sesame-4-long-enough }\n',
      ),
    );

    expect(JSON.stringify(rows)).not.toContain('sesame');
  });

  it.each([
    'http://elastic:sesame@es:9200',
    'http://sesame@es:9200',
    'http://elastic:sesame/1@es:9200',
    'http://elastic:sesame@1@es:9200',
    'elastic:sesame@es:9200',
    'http://es:9200?api_key=sesame',
    'https://es/x?sig=sesame&y=1',
  ])('hides what is secret in the address %s', (url) => {
    const rows = describeSettings(loadText(undefined, { environment: { JOBTRACE_STORE_URL: url } }));
    const shown = JSON.stringify(rows.find(({ name }) => name === 'store.urls')?.value);

    expect(shown).not.toContain('sesame');
    expect(shown).toContain('es');
  });

  it('shows an address without secrets as it is', () => {
    const url = 'https://es-1.example:9200/path';
    const rows = describeSettings(loadText(undefined, { environment: { JOBTRACE_STORE_URL: url } }));

    expect(rows.find(({ name }) => name === 'store.urls')?.value).toEqual([url]);
  });

  it('has a type that is hidden for each setting whose name is one of a secret', () => {
    const secrets = SETTINGS.filter(({ type }) => type === 'secret' || type === 'tokens').map(({ name }) => name);

    expect(
      // The path of a file is not a secret.
      SETTINGS.map(({ name }) => name).filter(
        (name) => (isSecretName(name) && !name.endsWith('File')) || /^proxy\.(?!bypass)/.test(name),
      ),
    ).toEqual(secrets);
  });
});
