import { describe, expect, it } from 'vitest';
import { makePlain } from './plain.js';

const GAP = '\u200b';

describe('a text of a log in a chat', () => {
  it.each([
    ['see http://evil.example/x?a=1', `see http:${GAP}//evil${GAP}.example/x?a=1`],
    ['HTTPS://Evil.Example', `HTTPS:${GAP}//Evil${GAP}.Example`],
    ['(www.evil.example/x)', `(www${GAP}.evil${GAP}.example/x)`],
    ['dingtalk://dingtalkclient/page/link?url=x', `dingtalk:${GAP}//dingtalkclient/page/link?url=x`],
  ])('holds no address that a client makes a link of: %s', (text, plain) => {
    expect(makePlain(text)).toBe(plain);
  });

  it.each([
    'state.checkpoints.dir: s3://bucket/checkpoints',
    'hdfs://nameservice1/flink',
    'jdbc:mysql://db.example:3306/orders',
    'pekko.tcp://flink@jobmanager:6123/user/rpc',
    'java.io.IOException: Insufficient number of network buffers',
  ])('keeps what people copy as it is: %s', (text) => {
    expect(makePlain(text)).toBe(text);
  });
});
