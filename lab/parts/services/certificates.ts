// Creates key stores for TLS with the JDK's keytool: one that a cluster shares, and one of a stranger. No secret is in
// the repository, and none of them expires.
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { getJava } from '../parts.js';
import { runCommand } from '../process.js';
import { PartError } from '../tools.js';

export const STORE_PASSWORD = 'internal-store';

/**
 * Creates `cluster.p12` and `stranger.p12` in the folder and returns their paths. Each holds one self-signed key and
 * trusts only itself.
 */
export async function makeCertificates(dir: string): Promise<{ readonly cluster: string; readonly stranger: string }> {
  mkdirSync(dir, { recursive: true });
  const [cluster, stranger] = await Promise.all([
    makeStore(join(dir, 'cluster.p12'), 'flink.internal'),
    makeStore(join(dir, 'stranger.p12'), 'flink-staging.internal'),
  ]);
  return { cluster, stranger };
}

async function makeStore(file: string, name: string): Promise<string> {
  const ended = await runCommand(join(await getJava(17), 'bin', 'keytool'), [
    '-genkeypair',
    '-alias',
    'flink',
    '-dname',
    `CN=${name}`,
    '-keyalg',
    'RSA',
    '-keysize',
    '2048',
    '-validity',
    '365',
    '-storetype',
    'PKCS12',
    '-keystore',
    file,
    '-storepass',
    STORE_PASSWORD,
    '-keypass',
    STORE_PASSWORD,
  ]);
  if (ended.code !== 0)
    throw new PartError(`keytool cannot make ${file}.`, `${ended.stdout}${ended.stderr}`.trim(), 'look at the JDK');
  return file;
}
