import { createHmac } from 'node:crypto';
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, expect, it } from 'vitest';
import { describeWithParts } from '../testing/describe-part.js';
import { startS3, type S3 } from './s3.js';

describeWithParts(['s3'], 'startS3', () => {
  let store: S3;

  beforeAll(async () => {
    store = await startS3({ buckets: ['shop'] });
    return async () => {
      await store.stop();
      expect(existsSync(store.dir)).toBe(false);
    };
  });

  it('serves the objects of its buckets to who has the key', async () => {
    writeFileSync(join(store.bucketDir('shop'), 'hello'), 'world');

    expect(await ask('/shop/hello', store.secretKey)).toBe('200 world');
    expect(await ask('/shop/other', store.secretKey)).toMatch(/^404 .*NoSuchKey/s);
  });

  it('refuses wrong keys and no keys', async () => {
    expect(await ask('/shop/hello', 'wrong')).toMatch(/^403 .*SignatureDoesNotMatch/s);
    expect((await fetch(`${store.endpoint}/shop`)).status).toBe(403);
  });

  it('knows no bucket that was not made', async () => {
    expect(await ask('/nowhere', store.secretKey)).toMatch(/^404 .*NoSuchBucket/s);
  });

  /** Sends a request with the short old signature (version 2). */
  async function ask(path: string, secret: string): Promise<string> {
    const date = new Date().toUTCString();
    const signature = createHmac('sha1', secret).update(`GET\n\n\n${date}\n${path}`).digest('base64');
    const response = await fetch(`${store.endpoint}${path}`, {
      headers: { date, authorization: `AWS ${store.accessKey}:${signature}` },
    });
    return `${response.status} ${await response.text()}`;
  }
});
