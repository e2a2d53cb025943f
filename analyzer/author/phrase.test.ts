import { describe, expect, it } from 'vitest';
import { createRegex } from '../../core/regex.js';
import { readText } from '../catalog/form/text.js';
import { chooseAnchor, cutPhrase, writePhrase, writeTitle } from './phrase.js';

describe('cutPhrase', () => {
  it.each([
    [
      'ledger 7 of shard eu-1 is closed',
      'ledger {ledger} of shard {shard} is closed',
      { ledger: ['int', '7'], shard: ['text', 'eu-1'] },
    ],
    [
      'Could not read s3://bucket/a/b.avro after 3 attempts',
      'Could not read {url} after {number} attempts',
      { url: ['path', 's3://bucket/a/b.avro'], number: ['int', '3'] },
    ],
    [
      'No route to tm-3.acme.net:6121 (10.0.0.7:6121) within 50 s',
      'No route to {address} ({address2}) within {within|duration}',
      { address: ['host', 'tm-3.acme.net:6121'], address2: ['host', '10.0.0.7:6121'], within: ['duration', '50 s'] },
    ],
    [
      'Cannot create /tmp/flink/a-1/db: needs 64 mb',
      'Cannot create {path}: needs {needs|bytes}',
      { path: ['path', '/tmp/flink/a-1/db'], needs: ['bytes', '64 mb'] },
    ],
    [
      'Table \'orders\' misses the column "price"',
      'Table \'{table}\' misses the column "{column}"',
      { table: ['text', 'orders'], column: ['text', 'price'] },
    ],
    [
      'Class com.acme.Order of job 1c8d8a1f9e6f4c5d8a1f9e6f4c5d8a1f',
      'Class {className} of job {jobName}',
      { className: ['class', 'com.acme.Order'], jobName: ['text', '1c8d8a1f9e6f4c5d8a1f9e6f4c5d8a1f'] },
    ],
    ["It can't be opened {broken}", "It can't be opened {{broken}", {}],
  ])('%s', (message, title, slots) => {
    const parts = cutPhrase(message);

    expect(writeTitle(parts)).toBe(title);
    expect(
      Object.fromEntries(parts.flatMap((part) => ('name' in part ? [[part.name, [part.type, part.text]]] : []))),
    ).toEqual(slots);
  });
});

describe('writePhrase', () => {
  it.each([
    'ledger 7 of shard eu-1 is closed',
    'No route to tm-3.acme.net:6121 (10.0.0.7:6121) within 50 s [retry=false]',
    'a1 b2 c3 d4 e5 f6 g7 h8 i9 j10 and so on',
    'Could not read s3://bucket/a (b)/c.avro: status 403 "Forbidden" x-id=9f8e7d6c5b4a',
  ])('captures again what was cut out of: %s', (message) => {
    const parts = cutPhrase(message);

    const found = createRegex(readText(writePhrase(parts) ?? '', false).regex ?? '').exec(
      `java.io.IOException: ${message}`,
    );

    expect({ ...found?.groups }).toEqual(
      Object.fromEntries(parts.flatMap((part) => ('name' in part ? [[part.name, part.text]] : []))),
    );
  });

  it('is not there when nothing changes', () => {
    expect(writePhrase(cutPhrase('the ledger is closed'))).toBeUndefined();
  });
});

describe('chooseAnchor', () => {
  it('is the literal with most letters', () => {
    expect(chooseAnchor(cutPhrase('shard eu-1: no writer is left for ledger 7 (code 12)'))).toBe(
      ': no writer is left for ledger',
    );
  });
});
