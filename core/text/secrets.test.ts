import { describe, expect, it } from 'vitest';
import { createError } from '../errors.js';
import { hideSecrets, isSecretName } from './secrets.js';

describe('hideSecrets', () => {
  it.each([
    'https://user:sesame@host/x',
    'https://host/x?access_token=sesame',
    'https://host/x?sv=1&sig=sesame&se=2',
    'https://host/x?passwd=sesame',
    'https://host/x?X-Amz-Signature=sesame',
    'https://host/x?X-Amz-Security-Token=sesame',
    'Authorization: Bearer sesame',
    'ApiKey sesame==',
  ])('leaves nothing of the secret in %s', (text) => {
    expect(hideSecrets(text)).not.toContain('sesame');
    expect(createError('JT_STORE_DENIED', { url: text, problem: text }).message).not.toContain('sesame');
  });

  it.each(['https://host:9200/path?x=1', 'jdbc:mysql://host/db', 'user@host', 'a: b'])('leaves %s as it is', (text) => {
    expect(hideSecrets(text)).toBe(text);
  });
});

describe('isSecretName', () => {
  it.each(['password', 'db.password', 's3.secret-key', 'fs.s3a.access.key', 'apiKey', 'aws_access_key_id', 'token'])(
    'knows %s',
    (name) => expect(isSecretName(name)).toBe(true),
  );

  it.each(['user', 'key', 'path', 'url', 'password.file.path'])('does not take %s for one', (name) => {
    expect(isSecretName(name)).toBe(false);
  });
});
