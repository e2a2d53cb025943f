// Tests secrets in the forms in which logs of Flink, Hadoop, connectors and clouds show them. All of them are made up.
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { createRedactor } from './redact.js';

const redact = createRedactor();
const S = 'Zx9kQ2mV7tLw4Rb8';

const SECRETS: readonly string[] = [
  `jdbc:mysql://root:${S}@db:3306/orders`,
  `jdbc:mysql://db:3306/orders?user=root&password=${S}`,
  `jdbc:postgresql://db/orders?password=${S}&ssl=true`,
  `jdbc:sqlserver://db:1433;databaseName=orders;user=sa;password=${S};encrypt=true`,
  `jdbc:clickhouse://ch:8123/default?user=u&password=${S}`,
  `'password' = '${S}'`,
  `'connector' = 'jdbc', 'password'='${S}', 'table-name' = 't'`,
  `"password" : "${S}"`,
  `{"username":"u","password":"${S}","n":1}`,
  `{\\"username\\":\\"u\\",\\"password\\":\\"${S}\\"}`,
  `password: ${S}`,
  `password=${S}`,
  `db.password = ${S}`,
  `spring.datasource.password=${S}`,
  `--password ${S} --user u`,
  `--db-password=${S}`,
  `--s3.secret-key ${S}`,
  `-Ds3.secret-key=${S}`,
  `-Djavax.net.ssl.keyStorePassword=${S}`,
  `-Djavax.net.ssl.trustStorePassword=${S} -Xmx1g`,
  `DB_PASSWORD=${S}`,
  `export AWS_SECRET_ACCESS_KEY=${S}`,
  `AWS_SESSION_TOKEN=${S}`,
  `aws_access_key_id = ${S}`,
  `Loading configuration property: s3.secret-key, ${S}`,
  `Loading configuration property: s3.access-key, ${S}`,
  `fs.s3a.secret.key: ${S}`,
  `fs.s3a.access.key=${S}`,
  `fs.s3a.session.token=${S}`,
  `<name>fs.s3a.secret.key</name><value>${S}</value>`,
  `<name>fs.s3a.secret.key</name>\n    <value>${S}</value>`,
  `<password>${S}</password>`,
  `fs.azure.account.key.store.dfs.core.windows.net: ${S}`,
  `DefaultEndpointsProtocol=https;AccountName=a;AccountKey=${S}==;EndpointSuffix=core.windows.net`,
  `https://store.blob.core.windows.net/c/b?sv=2022&sig=${S}%3D&se=2026`,
  `SharedAccessKey=${S};EntityPath=x`,
  `Endpoint=sb://ns.servicebus.windows.net/;SharedAccessKeyName=Root;SharedAccessKey=${S}=`,
  `https://bucket.s3.amazonaws.com/k?X-Amz-Credential=${S}&X-Amz-Date=1`,
  `https://bucket.s3.amazonaws.com/k?X-Amz-Date=1&X-Amz-Signature=${S}`,
  `https://bucket.s3.amazonaws.com/k?X-Amz-Security-Token=${S}`,
  `fs.oss.accessKeySecret: ${S}`,
  `fs.oss.accessKeyId=${S}`,
  `fs.cosn.userinfo.secretKey=${S}`,
  `"private_key_id": "${S}"`,
  `{"private_key": "-----BEGIN PRIVATE KEY-----\\n${S}\\n-----END PRIVATE KEY-----\\n"}`,
  `-----BEGIN RSA PRIVATE KEY-----\n${S}\n-----END RSA PRIVATE KEY-----`,
  `-----BEGIN EC PRIVATE KEY-----\n${S}`,
  `sasl.jaas.config = org.apache.kafka.common.security.plain.PlainLoginModule required username="u" password="${S}";`,
  `ScramLoginModule required username='u' password='${S}';`,
  `org.apache.kafka.common.security.scram.ScramLoginModule required username=\\"u\\" password=\\"${S}\\";`,
  `ssl.keystore.password = ${S}`,
  `ssl.key.password=${S}`,
  `security.ssl.internal.keystore-password: ${S}`,
  `'properties.ssl.truststore.password' = '${S}'`,
  `https://user:${S}@registry.example/v2`,
  `mongodb://admin:${S}@mongo-1:27017,mongo-2:27017/db`,
  `redis://:${S}@redis:6379/0`,
  `Authorization: Bearer ${S}`,
  `Authorization: Basic ${S}==`,
  `"Authorization" : "ApiKey ${S}"`,
  `proxy-authorization: ${S}`,
  `curl -H 'Authorization: Bearer ${S}' http://x`,
  `sent bearer ${S} to the server`,
  `token eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.${S}`,
  `access_token=${S}&expires=3600`,
  `https://oapi.example/robot/send?access_token=${S}`,
  `https://open.example/bot?sign=${S}&timestamp=1`,
  `client_secret=${S}`,
  `"client_secret":"${S}"`,
  `api_key: ${S}`,
  `x-api-key=${S}`,
  `'api-key' => '${S}'`,
  `passphrase = "${S}"`,
  `PWD=${S};UID=sa`,

  // Addresses and connection strings.
  `Access denied for jdbc:oracle:thin:scott/${S}@//db:1521/ORCL`,
  `jdbc:hive2://hs2:10000/default;user=u;password=${S}`,
  `http://admin:p@${S}@es:9200/_bulk`,
  `amqp://guest:${S}@rabbit:5672/%2F`,
  `jdbc%3Amysql%3A%2F%2Fdb%2Fx%3Fuser%3Da%26password%3D${S}`,
  `GET /callback?next=password%3D${S}%26x%3D1`,
  `%22password%22%3A%22${S}%22`,
  `BlobEndpoint=https://a.blob.example;SharedAccessSignature=sv=2021&sig=${S}`,
  `curl -u admin:${S} http://es:9200`,
  `curl --user 'admin:${S}' http://es:9200`,
  `grant_type=client_credentials&client_id=x&client_secret=${S}`,

  // XML files, with attributes and with a description between name and value.
  `<property name="password" value="${S}"/>`,
  `<entry key="password">${S}</entry>`,
  `<name>fs.s3a.secret.key</name>\n  <description>of the bucket</description>\n  <value>${S}</value>`,

  // Clouds.
  `fs.azure.sas.container.account.blob.core.windows.net: ${S}`,
  `fs.azure.sas.fixed.token.account.dfs.core.windows.net=${S}`,
  `AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20260101/eu/s3/aws4_request, Signature=${S}${S}`,
  `AwsSessionCredentials(accessKeyId=AKIAIOSFODNN7EXAMPLE, secretAccessKey=${S})`,
  `secretAccessKey -> ${S}`,
  `access id LTAI5t${S} of the bucket`,
  `secret id AKID${S}${S}`,
  `token ya29.a0${S}${S}`,
  `-----BEGIN PGP PRIVATE KEY BLOCK-----\n${S}\n-----END PGP PRIVATE KEY BLOCK-----`,

  // Kafka and the schema registry.
  `'properties.sasl.jaas.config' = 'PlainLoginModule required username=''u'' password=''${S}'';'`,
  `OAuthBearerLoginModule required clientId="x" clientSecret="${S}" scope="y";`,
  `basic.auth.user.info=user:${S}`,
  `'avro-confluent.basic-auth.user-info' = 'user:${S}'`,

  // Headers.
  `authorization: token ${S}`,
  `headers: {Authorization=[Basic ${S}]}`,
  `Cookie: SESSION=${S}`,
  `Set-Cookie: JSESSIONID=${S}; Path=/`,

  // Names and values as programs print them.
  `password:${S}`,
  `password := ${S}`,
  `password=Qp7v,${S}`,
  `password = Qp7v&${S}`,
  `user=root pass=${S}`,
  `keystore_pass: ${S}`,
  `{"auth":{"pass":"${S}"}}`,
  `{"password": ["${S}"]}`,
  `{u'password': u'${S}'}`,
  `{\\\\\\"password\\\\\\":\\\\\\"${S}\\\\\\"}`,
  `&quot;password&quot;:&quot;${S}&quot;`,
  `Program arguments: [--db.password, ${S}, --job, x]`,
  `-password ${S}`,
  `s3.secret-key                 ${S}`,
  `CREATE USER x IDENTIFIED BY '${S}'`,
  `ALTER USER x WITH PASSWORD '${S}'`,
  `encryption.key: ${S}`,

  `env: [EnvVar(name=DB_PASSWORD, value=${S}, valueFrom=null)]`,
  `env: [{name: DB_PASSWORD, value: ${S}}]`,
  `{"name":"DB_PASSWORD","value":"${S}"}`,
  `- name: DB_PASSWORD\n  value: ${S}`,
  `password  :   ${S}`,
  `passwords: [${S}, b]`,
  `password\\=${S}`,
  `jdbc:phoenix:zk:2181:u:password=${S}`,

  // Chinese sentences.
  `password 为 ${S}`,
  `连接失败，用户名：root，密码：${S}，请检查`,
  `连接失败，password=${S}，请检查`,
  `连接失败（password：${S}）`,
  `数据库口令为 ${S}`,
  `令牌: "${S}"`,
  `密钥=${S}。`,

  // Lines of an exception.
  `Caused by: java.sql.SQLException: Access denied (jdbc:mysql://db/x?user=a&password=${S})\n\tat a.B.c(D.java:1)`,
  `org.apache.flink.util.FlinkException: s3://b/k with secret-key: ${S}\n\tat a.B.c(D.java:1)`,
];

const RECORDINGS = join(import.meta.dirname, '..', '..', 'lab', 'recordings');
const HARMLESS_LINES = 1000;
/** Property with a key of the lab's object store, which the lab's logs show. */
const KEY_OF_LAB = 'property: s3.access-key, shop';

describe('createRedactor, over a corpus', () => {
  it('hides every secret', () => {
    expect(SECRETS.filter((line) => redact(line).text.includes(S))).toEqual([]);
  });

  it('leaves of a line what stands around the secret', () => {
    expect(redact(`连接失败，用户名：root，密码：${S}，请检查`).text).toBe('连接失败，用户名：root，密码：***，请检查');
    expect(redact(`[user=x, password=${S}, url=y]`).text).toBe('[user=x, password=***, url=y]');
    expect(redact(`a?password=${S}&ssl=true`).text).toBe('a?password=***&ssl=true');
    expect(redact(`password=${S},job=x`).text).toBe('password=***,job=x');
  });

  it('changes nothing of a thousand lines that hold none', () => {
    const names = readdirSync(RECORDINGS, { recursive: true, encoding: 'utf8' }).filter((name) =>
      name.endsWith('.log'),
    );
    const lines = names.flatMap((name) => readFileSync(join(RECORDINGS, name), 'utf8').split('\n'));
    const telling = lines.filter((line) => /token|secret|passw|key|credential|auth|:\/\/|pwd/i.test(line));
    const step = Math.max(1, Math.floor(lines.length / HARMLESS_LINES));
    const some = [...telling, ...lines.filter((_, index) => index % step === 0)];
    const changed = [...new Set(some.filter((line) => !line.includes(KEY_OF_LAB) && redact(line).text !== line))];

    expect(some.length).toBeGreaterThan(HARMLESS_LINES);
    expect(changed).toEqual([]);
  });
});
