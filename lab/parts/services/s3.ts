// Starts a real object store that speaks S3 (S3Proxy on a folder); buckets are its subfolders. It checks access keys
// and signatures (403) and knows which buckets exist (404), so that the errors of Flink's S3 plugin about both are
// real.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { FlinkConfig } from './conf.js';
import { getPart } from '../parts.js';
import { findFreePorts } from '../process.js';
import { makeFolder, startServer, type PartServer, type ServerStart } from '../server.js';

export interface S3Options extends ServerStart {
  /** Buckets that exist from the start. */
  buckets?: readonly string[];
}

export interface S3 extends PartServer {
  endpoint: string;
  accessKey: string;
  secretKey: string;
  /** Flink options for this store, including s3.access-key and s3.secret-key. */
  flinkConfig: FlinkConfig;
  /** Returns the folder with the objects of a bucket. */
  bucketDir(name: string): string;
  createBucket(name: string): void;
}

const [ACCESS_KEY, SECRET_KEY] = ['shop', 'shop-secret'];

export async function startS3(options: S3Options = {}): Promise<S3> {
  const part = await getPart('s3');
  const dir = makeFolder('s3', options);
  const [port = 0] = await findFreePorts(1);
  const endpoint = `http://127.0.0.1:${port}`;
  const data = join(dir, 'buckets');
  mkdirSync(data, { recursive: true });
  const bucketDir = (name: string): string => join(data, name);
  // A bucket whose folder others may read can be listed by anybody.
  const createBucket = (name: string): void => void mkdirSync(bucketDir(name), { recursive: true, mode: 0o700 });
  for (const name of options.buckets ?? []) createBucket(name);
  const settings = join(dir, 's3proxy.conf');
  // The newer filesystem-nio2 does not work: it answers 500, again and again, when Flink deletes the marker of a folder
  // that is not empty.
  writeFileSync(
    settings,
    `s3proxy.authorization=aws-v2-or-v4
s3proxy.endpoint=${endpoint}
s3proxy.identity=${ACCESS_KEY}
s3proxy.credential=${SECRET_KEY}
jclouds.provider=filesystem
jclouds.filesystem.basedir=${data}
`,
  );
  const server = await startServer(
    {
      name: 's3',
      address: endpoint,
      command: [
        join(part.java, 'bin', 'java'),
        '-Xmx128m',
        '-XX:TieredStopAtLevel=1',
        '-jar',
        join(part.home, part.part.proof),
        '--properties',
        settings,
      ],
      isReady: async () => (await fetch(endpoint)).status === 403 || 'it asks nobody for a key',
    },
    dir,
    options,
  );
  const flinkConfig = {
    's3.endpoint': endpoint,
    's3.path.style.access': 'true',
    's3.access-key': ACCESS_KEY,
    's3.secret-key': SECRET_KEY,
  };
  return Object.assign(server, {
    endpoint,
    accessKey: ACCESS_KEY,
    secretKey: SECRET_KEY,
    flinkConfig,
    bucketDir,
    createBucket,
  });
}
