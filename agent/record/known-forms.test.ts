// Tests secrets in the forms in which people and programs write them, and tokens that are recognised by their
// beginning. All of them are made up. Each must be hidden completely, and the text around it must stay.
import { expect, it } from 'vitest';
import { createRedactor } from './redact.js';

const redact = createRedactor();
const S = 'Zx9kQ2mV7tLw4Rb8';
const LETTERS = 'Ab3dEf6hIj9kLm2nOp5qRs8tUv1wXy4zAb3dEf6hIj9kLm2nOp5q';
const ESC = '\u001b';

const token = (head: string, length: number): string => head + LETTERS.slice(0, length);

/** Texts, each with the secret in it that must not be readable. */
const FORMS: readonly (readonly [text: string, secret: string])[] = [
  [`mysql -uroot -p${S} orders`, S],
  [`+ mysqldump --host db -u root -p${S} orders`, S],
  [`sshpass -p ${S} ssh deploy@host`, S],
  [`redis-cli -h redis -a ${S} ping`, S],
  [`Using password ${S} for user orders`, S],
  [`password '${S}' for account root`, S],
  [`password: ${S} and more words behind it`, S],
  [`Login failed, secret: ${S} was refused by the server`, S],
  [`jdbc:mysql://root:ab/${S}@db:3306/orders`, S],
  [`mongodb+srv://admin:${S}/x@cluster0.example.net/db?retryWrites=true`, S],
  [`amqp://flink:${S}@rabbit:5672/%2f`, S],
  [`rediss://default:${S}@redis:6380`, S],
  [`redis://:${S}@redis:6379/0`, S],
  [`postgresql://u:${S}@db-1,db-2/orders`, S],
  [`{"passwords":["${S}","other${S}"]}`, S],
  [`passwords: ["${S}", "b${S}"]`, S],
  [`tokens=[${S}, ${S}2]`, S],
  [`pass${ESC}[31mword${ESC}[0m=${S}`, S],
  [`${ESC}[32mINFO${ESC}[0m s3.secret${ESC}[1m-key: ${S}`, S],
  [`pass\u200bword=${S}`, S],
  [`s3.sec\u00adret-key: ${S}`, S],
  [`api\u2060_key=${S}`, S],
  [`password="my ${S} phrase with blanks"`, S],
  [`"password": "my ${S} phrase"`, S],
  [`-Dpassword='two words ${S}'`, S],
  [`Authorization: Basic ${Buffer.from(`u:${S}`).toString('base64')}`, Buffer.from(`u:${S}`).toString('base64')],
  [
    `{"auths":{"registry.example":{"auth":"${Buffer.from(`u:${S}`).toString('base64')}"}}}`,
    Buffer.from(`u:${S}`).toString('base64'),
  ],
  [
    `.dockerconfigjson: ${Buffer.from(`{"auths":{"r":{"auth":"${S}"}}}`).toString('base64')}`,
    Buffer.from(`{"auths":{"r":{"auth":"${S}"}}}`).toString('base64'),
  ],
  [`jdbc:oracle:thin:scott/${S}@//db:1521/orcl`, S],
  [`jdbc:sqlserver://db;user=sa;password={${S}};encrypt=true`, S],
  [`PlainLoginModule required username="u" password="${S}";`, S],
  [`OAuthBearerLoginModule required clientId="c" clientSecret="${S}";`, S],
  [`kinit: keytab password ${S} for user flink/host@REALM`, S],
  [`DefaultEndpointsProtocol=https;AccountName=a;AccountKey=${S}==`, S],
  [`aws_secret_access_key = ${S}${S}`, S],
  [`AWS_SECRET_ACCESS_KEY: ${S}/${S}+x`, S],
  [
    `{"type":"service_account","private_key":"-----BEGIN PRIVATE KEY-----\\nMII${S}\\n-----END PRIVATE KEY-----\\n"}`,
    S,
  ],
  [`-----BEGIN OPENSSH PRIVATE KEY-----\n${S}\n-----END OPENSSH PRIVATE KEY-----`, S],
  [`-----BEGIN ENCRYPTED PRIVATE KEY-----\n${S}`, S],
  [`-----BEGIN PGP PRIVATE KEY BLOCK-----\n${S}\n-----END PGP PRIVATE KEY BLOCK-----`, S],
  [`CREATE USER flink IDENTIFIED BY '${S}'`, S],
  [`ALTER ROLE flink WITH PASSWORD '${S}'`, S],
  [`WITH ('connector'='jdbc','password'='${S}')`, S],
  [`数据库密码为：${S}`, S],
  [`x-vault-token: ${S}`, S],
  [`Set-Cookie: session=${S}; Path=/`, S],
  [`curl -u admin:${S} https://example`, S],
  [`https://oauth2:${S}@gitlab.example/x.git`, S],
];

const TOKENS: readonly string[] = [
  token('ghp_', 36),
  token('gho_', 36),
  token('ghs_', 36),
  `github_pat_${LETTERS.slice(0, 22)}_${LETTERS}`,
  token('glpat-', 20),
  token('gldt-', 20),
  token('xoxb-1234567890-', 24),
  token('xoxp-1234567890-', 24),
  token('xapp-1-A0-', 24),
  token('sk_live_', 24),
  token('rk_live_', 24),
  token('whsec_', 32),
  token('sk-', 48),
  token('sk-proj-', 48),
  token('sk-ant-api03-', 48),
  token('hf_', 34),
  token('hvs.', 24),
  token('hvb.', 24),
  token('npm_', 36),
  `SG.${LETTERS.slice(0, 22)}.${LETTERS.slice(0, 43)}`,
  token('AIza', 35),
  token('AIza', 36),
  token('ya29.', 40),
  'AKIAIOSFODNN7EXAMPLE',
  token('LTAI', 20),
  token('AKID', 32),
  token('dckr_pat_', 27),
  token('pypi-AgEIcHlwaS5vcmc', 40),
  `dapi${'0123456789abcdef'.repeat(2)}`,
  `dop_v1_${'0123456789abcdef'.repeat(4)}`,
  `shpat_${'0123456789abcdef'.repeat(2)}`,
  token('glsa_', 32),
  token('lin_api_', 40),
  token('ATATT3x', 40),
  `eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.${S}`,
];

const HOOKS: readonly (readonly [text: string, secret: string])[] = [
  [`https://hooks.slack.com/services/T00000000/B00000000/${LETTERS.slice(0, 24)}`, LETTERS.slice(0, 24)],
  [`https://hooks.slack.com/workflows/T0/A0/12/${LETTERS.slice(0, 24)}`, LETTERS.slice(0, 24)],
  [`https://discord.com/api/webhooks/123456789/${LETTERS}`, LETTERS],
  [`https://acme.webhook.office.com/webhookb2/${LETTERS}@x/IncomingWebhook/${LETTERS}`, LETTERS],
  [`https://open.feishu.cn/open-apis/bot/v2/hook/${LETTERS}`, LETTERS],
  [`https://oapi.dingtalk.com/robot/send?access_token=${LETTERS}`, LETTERS],
  [`https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=${LETTERS}`, LETTERS],
  [`https://api.telegram.org/bot123456789:${LETTERS.slice(0, 35)}/sendMessage`, LETTERS.slice(0, 35)],
];

it.each([...FORMS, ...HOOKS])('is hidden: %s', (text, secret) => {
  const found = redact(`2026-03-02 10:15:01,120 INFO  a.B [] - ${text}`);

  expect(found.text).not.toContain(secret);
  expect(found.text).toContain('***');
});

it.each(TOKENS)('is hidden by how it begins: %s', (secret) => {
  for (const text of [`got ${secret} from the server`, `"${secret}"`, `value=${secret},next`, `x: ${secret}\n`]) {
    const found = redact(`2026-03-02 10:15:01,120 INFO  a.B [] - ${text}`).text;

    expect(found).toContain('***');
    expect(found).not.toContain(secret.slice(-10));
  }
});

it.each([
  'Unexpected token: VARCHAR2 at line 3',
  'password is required for user orders',
  'No password given for user root',
  'the password for user orders has expired',
  'Starting task-executor sk-learn-models-and-more-words of the disk-based-cache',
  'mysql -p 3306 is the port',
  'Connecting to http://host:8081/jobs/overview@2 and http://host:8081/a/b@c',
  'akka.tcp://flink@host:6123/user/rpc/taskmanager_0',
  'hdfs://nn:8020/user/a@b/flink/checkpoints',
  'sg.com.acme.Main and msg.length = 4, npm_config_cache=/root',
  'github.com/apache/flink hf_hub_download("x") glpat is a prefix',
  'org.apache.kafka.common.security.token.delegation: 3 tokens loaded from 2 files',
  'Secret: projects/p/secrets/s/versions/1 was not found',
  'eyJ is how base64 of { " begins',
])('stays as it is: %s', (text) => {
  expect(redact(text)).toEqual({ text, count: 0 });
});
