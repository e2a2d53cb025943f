import { describe, expect, it } from 'vitest';
import { ADDRESS_HINT, createRedactor, holdsUser } from './redact.js';

const redact = createRedactor();

describe('createRedactor', () => {
  it.each([
    [
      'INFO  GlobalConfiguration [] - Loading configuration property: s3.secret-key, abcDEF123',
      'INFO  GlobalConfiguration [] - Loading configuration property: s3.secret-key, ***',
    ],
    ['s3.access-key: AKIAIOSFODNN7EXAMPLE', 's3.access-key: ***'],
    [
      '-Dfs.azure.account.key.store.blob.core.windows.net=Zm9v==',
      '-Dfs.azure.account.key.store.blob.core.windows.net=***',
    ],
    ["  'password' = 'hun''ter'", "  'password' = '***'"],
    [
      "CREATE TABLE t WITH ('connector'='jdbc','password'='s3cr3t','username'='u')",
      "CREATE TABLE t WITH ('connector'='jdbc','password'='***','username'='u')",
    ],
    ['{"user":"u","password":"s3cr3t","n":1}', '{"user":"u","password":"***","n":1}'],
    [
      'sasl.jaas.config = org.apache.kafka.common.security.plain.PlainLoginModule required username="u" password="p w";',
      'sasl.jaas.config = org.apache.kafka.common.security.plain.PlainLoginModule required username="u" password="***";',
    ],
    ['connecting to jdbc:mysql://root:hunter2@db:3306/x', 'connecting to jdbc:mysql://root:***@db:3306/x'],
    ['GET https://x/y?sig=abc%3D&se=1', 'GET https://x/y?sig=***&se=1'],
    ['Authorization: Bearer abcdef.ghi', 'Authorization: ***'],
    ['sent eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.abc-_123 to', 'sent *** to'],
    ['--password hunter2 --job x', '--password *** --job x'],
    ['security.ssl.rest.keystore-password=changeit', 'security.ssl.rest.keystore-password=***'],
  ])('hides the secret in: %s', (text, hidden) => {
    expect(redact(text).text).toBe(hidden);
    expect(redact(text).count).toBeGreaterThan(0);
  });

  it.each([
    'CancellationToken was cancelled: token expired before use.',
    'Delegation token provider s3-hadoop loaded and initialized',
    'Obtaining delegation tokens',
    'java.lang.IllegalStateException: The password is missing.',
    'Kerberos credentials: not available for user',
    'security.delegation.tokens.enabled: true was read from 2 files',
    'https://nightlies.apache.org/flink/flink-docs-stable/?q=a@b.c',
    'Invalid secret key specification',
    'passed: 3, failed: 2, bypass=true, pass: 2',
    'second pass=17 of 20',
    ' |-- password: STRING',
    'password is missing',
    '密码错误，请重试；密码为空',
    'docker run --user 1000:1000 flink',
    'http://host:8081/jobs?q=a@b.c',
    'a set-cookie header is missing',
    'the signature=(Ljava/lang/String;)V of the method',
    'fs.azure.sas.token.provider.type.a.dfs.core.windows.net=org.apache.hadoop.fs.azurebfs.sas.Provider',
    'reads token:/opt/flink/token, Token::parse',
    '| token | STRING | TRUE |',
    'com.acme.TokenFilter:12',
    "Encountered unexpected token: '(' at line 3",
    'mismatched token: FROM, expecting token=SELECT',
    'fencing token: 8b2d3e4f5a6b7c8d9e0f',
    'hadoop.security.authorization=false, authorization: simple',
    'By-pass: on, password: invalid, token: expired',
    'password 为空',
    "Access denied for user 'flink'@'192.0.2.7' (using password: YES)",
    '\tat org.apache.flink.runtime.security.token.DefaultDelegationTokenManager.start(DefaultDelegationTokenManager.java:300)',
  ])('leaves alone: %s', (text) => {
    expect(redact(text)).toEqual({ text, count: 0 });
  });

  it('hides a private key over its lines', () => {
    const text = 'key -----BEGIN RSA PRIVATE KEY-----\nMIIE\nabc\n-----END RSA PRIVATE KEY----- end';

    expect(redact(text).text).toBe('key -----BEGIN RSA PRIVATE KEY-----***-----END RSA PRIVATE KEY----- end');
  });

  it("applies the operator's own patterns", () => {
    expect(createRedactor(['cust-\\d+'])('order of cust-4711 and cust-12').text).toBe('order of *** and ***');
    expect(() => createRedactor(['(?=x)'])).toThrow(expect.objectContaining({ code: 'JT_PATTERN_UNSUPPORTED' }));
  });

  // Naive patterns need seconds to hours for each of these; the whole table takes a second or two.
  it.each([
    'eyJ-',
    'eyJaaaaaaaa.',
    '--account.key.',
    '--token',
    '--token ',
    'token:',
    'token="',
    "password='\\'",
    '-----BEGIN PRIVATE KEY-----',
    '-----BEGIN ',
    'a.',
    '-D',
    'a+',
    'a://',
    'a://b:',
    '?key=',
    '?x-amz-a',
    'authorization ',
    'authorization:',
    'bearer ',
    'AKIA',
    'secret</name> ',
    '"password" : ',
    'credentials.value',
    'a://b:c@',
    'password=a,',
    'password=a&a',
    'password%3D%',
    'password&quot;:',
    'jdbc:oracle:a:b/',
    ' -u a:',
    'password: [',
    "password=''a",
    '\\"password\\":',
    '密码：',
    'cookie: a=',
    '</name>',
    // No part of a value that does not count is searched again.
    '/token=',
    '|token=',
    '|token:a',
    '"token=\\"\\\\',
    '中access.key=',
    'mysql-',
  ])('takes linear time for a mebibyte of %s', (prefix) => {
    const work = (bytes: number): number => {
      const text = `${prefix.repeat(Math.ceil(bytes / prefix.length))} x y`;
      const before = process.cpuUsage().user;
      redact(text);
      return process.cpuUsage().user - before;
    };

    expect(work(1_048_576)).toBeLessThan(5_000_000);
  });
});

describe('an address with a user', () => {
  it('is found in bytes where the pattern finds it in a string, and nowhere else', () => {
    const pieces = [ADDRESS_HINT, ADDRESS_HINT, ':', '@', '/', 'u', '#', '?', ' ', '\t', 'pw'];
    let seed = 7;
    const draw = (): string => {
      seed = (Math.imul(seed, 1_103_515_245) + 12_345) & 0x7fffffff;
      return pieces[(seed >> 8) % pieces.length] ?? '';
    };
    const texts = Array.from({ length: 20_000 }, () => Array.from({ length: 9 }, draw).join(''));
    const found = texts.filter((text) => /:\/\/[^\s/@:?#]*:(?:[^\s/]+|\S{1,200})@/.test(text));

    expect(texts.filter((text) => holdsUser(Buffer.from(`x${text}:u@`), 1, 1 + text.length))).toEqual(found);
    expect(found.length).toBeGreaterThan(100);
  });
});
