import { randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { crc32, deflateRawSync, gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { makeFolder } from '../../testing/samples.js';
import { ARCHIVE_LIMITS, type ArchiveLimits } from './archive.js';
import { renderNote } from './note.js';
import { createReadNotes, readEntries, type ReadNotes } from '../read.js';

const LINES = ['2026-03-02 10:00:00,000 INFO  a.B [] - one', '2026-03-02 10:00:01,000 INFO  a.B [] - two'];
const LOG = Buffer.from(`${LINES.join('\n')}\n`);

interface Seen {
  readonly entries: readonly (readonly [path: string, process: string, text: string])[];
  readonly notes: ReadNotes;
}

function read(name: string, bytes: Buffer, limits?: ArchiveLimits): Seen {
  const folder = makeFolder();
  writeFileSync(join(folder, name), bytes);
  const notes = createReadNotes();
  const entries = [...readEntries([join(folder, name)], { notes, limits })];
  return {
    entries: entries.map(({ source, bytes: text }) => [
      source.path.slice(folder.length + 1),
      source.process.slice(folder.length + 1),
      text.toString('utf8'),
    ]),
    notes,
  };
}

function pathsOf(seen: Seen): readonly string[] {
  return [...new Set(seen.entries.map(([path]) => path))];
}

function notesOf({ notes }: Seen): readonly string[] {
  return notes.list.map(({ path, reason }) => `${path.split('/').slice(3).join('/')} ${reason}`);
}

type Files = Readonly<Record<string, Buffer>>;

function makeTar(files: Files): Buffer {
  return Buffer.concat([
    ...Object.entries(files).flatMap(([name, bytes]) => [makeTarHead(name, bytes.length, '0'), pad(bytes)]),
    Buffer.alloc(1024),
  ]);
}

function makeTarHead(name: string, size: number, type: string): Buffer {
  const long =
    Buffer.byteLength(name) > 100
      ? Buffer.concat([makeTarHead('././@LongLink', Buffer.byteLength(name) + 1, 'L'), pad(Buffer.from(`${name}\0`))])
      : Buffer.alloc(0);
  const head = Buffer.alloc(512);
  head.write(name.slice(0, 100), 0);
  head.write(`${size.toString(8).padStart(11, '0')}\0`, 124);
  head.write('        ', 148);
  head.write(type, 156);
  head.write('ustar\x0000', 257);
  head.write(
    `${head
      .reduce((sum, byte) => sum + byte, 0)
      .toString(8)
      .padStart(6, '0')}\0 `,
    148,
  );
  return Buffer.concat([long, head]);
}

function pad(bytes: Buffer): Buffer {
  return Buffer.concat([bytes, Buffer.alloc((512 - (bytes.length % 512)) % 512)]);
}

interface ZipOptions {
  /** True if sizes stand behind the data, as Java and pipes write them. */
  readonly streamed?: boolean;
  readonly stored?: boolean;
  readonly encrypted?: boolean;
}

/** Makes a zip without the directory at its end. The directory is not read; a sign that it begins is enough. */
function makeZip(files: Files, { streamed = false, stored = false, encrypted = false }: ZipOptions = {}): Buffer {
  const parts = Object.entries(files).flatMap(([name, bytes]) => {
    const packed = stored ? bytes : deflateRawSync(bytes);
    const sums = Buffer.alloc(12);
    sums.writeUInt32LE(crc32(bytes), 0);
    sums.writeUInt32LE(packed.length, 4);
    sums.writeUInt32LE(bytes.length, 8);
    const head = Buffer.alloc(30);
    head.writeUInt32LE(0x04034b50, 0);
    head.writeUInt16LE((streamed ? 8 : 0) | (encrypted ? 1 : 0), 6);
    head.writeUInt16LE(stored ? 0 : 8, 8);
    if (!streamed) sums.copy(head, 14);
    head.writeUInt16LE(Buffer.byteLength(name), 26);
    return [head, Buffer.from(name), packed, ...(streamed ? [Buffer.from('PK\x07\x08'), sums] : [])];
  });
  return Buffer.concat([
    ...parts,
    Buffer.from('PK\x01\x02'),
    Buffer.alloc(42),
    Buffer.from('PK\x05\x06'),
    Buffer.alloc(18),
  ]);
}

const JOBMANAGER = 'log/flink-u-standalonesession-0-node-1.log';
const TASKMANAGER = 'log/flink-u-taskexecutor-0-node-2.out';

describe('an archive', () => {
  it.each([
    ['logs.tar', makeTar({ [JOBMANAGER]: LOG, [TASKMANAGER]: LOG })],
    ['logs.tar.gz', gzipSync(makeTar({ [JOBMANAGER]: LOG, [TASKMANAGER]: LOG }))],
    ['logs.tgz', gzipSync(makeTar({ [`./${JOBMANAGER}`]: LOG, [TASKMANAGER]: LOG }))],
    ['logs.zip', makeZip({ 'log/': Buffer.alloc(0), [JOBMANAGER]: LOG, [TASKMANAGER]: LOG })],
    ['logs.zip', makeZip({ [JOBMANAGER]: LOG, [TASKMANAGER]: LOG }, { streamed: true })],
    ['logs.zip', makeZip({ [JOBMANAGER]: LOG, [TASKMANAGER]: LOG }, { stored: true })],
    ['a name that says nothing', gzipSync(makeTar({ [JOBMANAGER]: LOG, [TASKMANAGER]: LOG }))],
  ])('%s is read as a folder of its name', (name, bytes) => {
    const seen = read(name, bytes);

    expect(seen.entries).toEqual([
      [`${name}/${JOBMANAGER}`, `${name}/log/flink-u-standalonesession-0-node-1`, LINES[0]],
      [`${name}/${JOBMANAGER}`, `${name}/log/flink-u-standalonesession-0-node-1`, LINES[1]],
      [`${name}/${TASKMANAGER}`, `${name}/log/flink-u-taskexecutor-0-node-2`, LINES[0]],
      [`${name}/${TASKMANAGER}`, `${name}/log/flink-u-taskexecutor-0-node-2`, LINES[1]],
    ]);
    expect(seen.notes.list).toEqual([]);
    expect(seen.notes.files).toBe(2);
  });

  it('lies in another one, two levels deep', () => {
    const inner = makeZip({ 'a.log.gz': gzipSync(LOG) }, { stored: true });

    expect(pathsOf(read('all.zip', makeZip({ 'node-1.tar.gz': gzipSync(makeTar({ 'inner.zip': inner })) })))).toEqual([
      'all.zip/node-1.tar.gz/inner.zip/a.log.gz',
    ]);
  });

  it('keeps names that are long, Chinese, written on Windows, or lead out of it', () => {
    const long = `${'folder/'.repeat(30)}a.log`;

    expect(pathsOf(read('a.tar', makeTar({ [long]: LOG, '../../etc/b.log': LOG })))).toEqual([
      `a.tar/${long}`,
      'a.tar/etc/b.log',
    ]);
    expect(pathsOf(read('a.zip', makeZip({ '日志\\作业管理器.log': LOG })))).toEqual(['a.zip/日志/作业管理器.log']);
  });

  it('leaves out what a folder leaves out, without opening it', () => {
    const seen = read(
      'a.zip',
      makeZip({
        'conf/flink-conf.yaml': LOG,
        'lib/job.jar': makeZip({ 'x.log': LOG }),
        '__MACOSX/._a.log': LOG,
        '.DS_Store': LOG,
        'core.dump': Buffer.from('\x7fELF\x01\x02', 'latin1'),
        'a.log': LOG,
      }),
    );

    expect(pathsOf(seen)).toEqual(['a.zip/a.log']);
    expect(notesOf(seen)).toEqual([
      'a.zip/conf/flink-conf.yaml name',
      'a.zip/lib/job.jar name',
      'a.zip/core.dump binary',
    ]);
  });

  it('is read from standard input as well', () => {
    const packed = gzipSync(makeTar({ 'a.log': LOG }));

    expect(
      [...readEntries(['-'], { stdin: () => [packed.subarray(0, 7), packed.subarray(7)] })].map(
        (entry) => entry.source.path,
      ),
    ).toEqual(['stdin/a.log', 'stdin/a.log']);
  });

  it('of several gzip members is read to its end', () => {
    expect(read('a.log.gz', Buffer.concat([gzipSync(LOG), gzipSync(LOG)])).entries).toHaveLength(4);
  });
});

describe('a truncated or damaged archive', () => {
  const noise = Buffer.from(
    Array.from(
      { length: 2000 },
      (_, index) => `2026-03-02 10:00:00,000 INFO  a.B [] - ${index} ${randomBytes(20).toString('hex')}\n`,
    ).join(''),
  );

  it.each([
    ['a.log.gz', gzipSync(noise), ['a.log.gz cut']],
    ['a.tar', makeTar({ 'a.log': noise }), ['a.tar/a.log cut']],
    ['a.tar.gz', gzipSync(makeTar({ 'a.log': noise })), ['a.tar.gz cut', 'a.tar.gz/a.log cut']],
    ['a.zip', makeZip({ 'a.log': noise }), ['a.zip/a.log cut', 'a.zip cut']],
    ['a.zip', makeZip({ 'a.log': noise }, { streamed: true }), ['a.zip/a.log cut', 'a.zip cut']],
  ])('%s gives what stands before its end and says so', (name, bytes, notes) => {
    const seen = read(name, bytes.subarray(0, bytes.length / 2));

    expect(seen.entries.length).toBeGreaterThan(800);
    expect(seen.entries.length).toBeLessThan(2000);
    expect(notesOf(seen)).toEqual(notes);
  });

  it('loses only the member that is damaged', () => {
    const bytes = makeZip({ 'a.log': noise, 'b.log': LOG });
    bytes.writeUInt32LE(0x12345678, 20_000);
    const seen = read('a.zip', bytes);

    expect(notesOf(seen)).toEqual(['a.zip/a.log damaged']);
    expect(pathsOf(seen)).toEqual(['a.zip/a.log', 'a.zip/b.log']);
  });

  it('is an error when nothing of it can be read, and a note among others', () => {
    const broken = Buffer.concat([gzipSync(LOG).subarray(0, 10), Buffer.alloc(300, 0xff)]);

    expect(() => read('a.log.gz', broken)).toThrow(
      /^The archive \S+a\.log\.gz cannot be read: the archive is damaged \(/,
    );
    expect(notesOf(read('a.tar', makeTar({ 'a.log.gz': broken, 'b.log': LOG })))).toEqual(['a.tar/a.log.gz damaged']);
  });

  it('says of an encrypted member and of other packings what to do', () => {
    const seen = read('a.zip', makeZip({ 'a.log': LOG }, { encrypted: true }));

    expect(notesOf(seen)).toEqual(['a.zip/a.log encrypted']);
    expect(seen.notes.list.map((note) => renderNote(note, 'en'))[0]).toMatch(
      /a\.zip\/a\.log skipped: encrypted; unpack it with its password first\.$/,
    );
    expect(
      notesOf(read('a.tar', makeTar({ 'a.log.zst': Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0, 0]), 'b.log': LOG }))),
    ).toEqual(['a.tar/a.log.zst packed']);
  });
});

describe('an archive made to blow up', () => {
  const limits: ArchiveLimits = { ...ARCHIVE_LIMITS, unpackedBytes: 1 << 20, members: 3 };

  it('is read up to the ratio that real logs have', () => {
    const seen = read('a.log.gz', gzipSync(Buffer.alloc(16 << 20, LOG)), {
      ...ARCHIVE_LIMITS,
      ratio: 50,
      ratioFromBytes: 6 << 20,
    });

    expect(notesOf(seen)).toEqual(['a.log.gz ratio']);
    expect(seen.notes.bytes).toBeLessThan(6 << 20);
    expect(seen.notes.list.map((note) => renderNote(note, 'en'))[0]).toMatch(
      /a\.log\.gz was partly read: suspicious compression ratio \(over 50:1, possible zip bomb\); if it is genuine, unpack it first\.$/,
    );
  });

  it('is read up to the bytes of all archives together', () => {
    const seen = read(
      'a.zip',
      makeZip({ 'a.log': Buffer.alloc(800_000, LOG), 'b.log': Buffer.alloc(800_000, LOG), 'c.log': LOG }),
      limits,
    );

    expect(notesOf(seen)).toEqual(['a.zip/b.log total', 'a.zip total']);
    expect(seen.notes.bytes).toBeLessThan(1 << 20);
  });

  it('is read up to a number of files', () => {
    const seen = read('a.tar', makeTar({ 'a.log': LOG, 'b.log': LOG, 'c.log': LOG, 'd.log': LOG }), limits);

    expect(pathsOf(seen)).toEqual(['a.tar/a.log', 'a.tar/b.log', 'a.tar/c.log']);
    expect(notesOf(seen)).toEqual(['a.tar members']);
  });

  it('is opened up to a number of layers', () => {
    const deep = Array.from({ length: 9 }).reduce<Buffer>((inner) => gzipSync(inner), LOG);

    expect(notesOf(read('a.log', makeTar({ 'deep.gz': deep, 'b.log': LOG })))).toEqual(['a.log/deep.gz nested']);
  });
});
