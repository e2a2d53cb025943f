// Tests the fetch against fake clients: small programs named mvn and python3 that come first on the PATH.
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { withLock } from './cache.js';
import { fetchPart } from './fetch.js';
import { PARTS } from './parts.js';
import type { Part } from './table.js';

let dir = '';
const before = { path: process.env['PATH'], parts: process.env['JOBTRACE_PARTS'] };

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'jobtrace-fetch-'));
  mkdirSync(join(dir, 'clients'));
  process.env['PATH'] = `${join(dir, 'clients')}:${before.path}`;
  process.env['JOBTRACE_PARTS'] = join(dir, 'cache');
});

afterEach(() => {
  process.env['PATH'] = before.path;
  if (before.parts === undefined) delete process.env['JOBTRACE_PARTS'];
  else process.env['JOBTRACE_PARTS'] = before.parts;
  rmSync(dir, { recursive: true, force: true });
});

/**
 * Writes a fake maven that counts its calls and runs the script. $out is the path where the artifact has to go, $name
 * its name.
 */
function writeMaven(script: string): void {
  const file = join(dir, 'clients', 'mvn');
  writeFileSync(
    file,
    `#!/bin/sh
for arg in "$@"; do case $arg in -DoutputDirectory=*) out=\${arg#*=};; -Dartifact=*) name=\${arg##*:};; esac; done
echo "$name" >> ${join(dir, 'calls')}
${script}
`,
  );
  chmodSync(file, 0o755);
}

function readCalls(): string[] {
  return readFileSync(join(dir, 'calls'), 'utf8').trim().split('\n');
}

const part: Part = {
  name: 'flink-1.20',
  version: '0',
  what: 'two files',
  proof: 'bin/two',
  sources: [
    { client: 'maven', artifact: 'a:b:one', megabytes: 1, unpack: { how: 'copy', to: 'bin' } },
    { client: 'maven', artifact: 'a:b:two', megabytes: 1, unpack: { how: 'copy', to: 'bin' } },
  ],
};

describe('fetchPart', () => {
  it('puts the home together, executable, and leaves nothing else', async () => {
    writeMaven('echo hello > "$out/$name"');

    await fetchPart(part, join(dir, 'home'), () => undefined);

    expect(readdirSync(join(dir, 'home', 'bin'))).toEqual(['one', 'two']);
    expect(existsSync(join(dir, 'home.fetching'))).toBe(false);
  });

  it('says what, why and what to do in one message, and has no home then', async () => {
    writeMaven(
      'echo half > "$out/$name"; [ $name = one ] || { printf "\\033[0m[ERROR] Could not find artifact a:b:two -> [Help 1]\\n[ERROR] \\n" >&2; exit 1; }',
    );

    const fetching = fetchPart(part, join(dir, 'home'), () => undefined);

    await expect(fetching).rejects.toThrow(
      /flink-1\.20 0 cannot be had: mvn could not fetch a:b:two\.\n {2}Why: Could not find artifact a:b:two\n {2}What to do: /,
    );
    expect(existsSync(join(dir, 'home'))).toBe(false);
  });

  it('keeps what an interrupted fetch completed and does the rest again', async () => {
    writeMaven('echo half > "$out/$name"; [ $name = one ] || exit 1');
    await expect(fetchPart(part, join(dir, 'home'), () => undefined)).rejects.toThrow();
    writeMaven('echo whole > "$out/$name"');
    const told: string[] = [];

    await fetchPart(part, join(dir, 'home'), (line) => told.push(line.text));

    expect(readCalls()).toEqual(['one', 'two', 'two']);
    expect(readFileSync(join(dir, 'home', 'bin', 'two'), 'utf8')).toBe('whole\n');
    expect(told[0]).toBe('1/2 a:b:one is here already');
  });
});

describe('withLock', () => {
  it('lets one in at a time', async () => {
    const events: string[] = [];
    const work = (name: string) => async (): Promise<void> => {
      events.push(`${name} in`);
      await new Promise((resolve) => setTimeout(resolve, 50));
      events.push(`${name} out`);
    };

    await Promise.all([withLock('x', () => undefined, work('a')), withLock('x', () => undefined, work('b'))]);

    expect(events).toEqual(['a in', 'a out', 'b in', 'b out']);
  });

  it('takes over the lock of a dead process', async () => {
    mkdirSync(join(dir, 'cache'));
    writeFileSync(join(dir, 'cache', 'x.lock'), '999999999 1');

    await expect(
      withLock(
        'x',
        () => undefined,
        async () => 'done',
      ),
    ).resolves.toBe('done');
  });
});

describe('PARTS', () => {
  it('stands in docs/parts.md with the same versions and packages', () => {
    const docs = readFileSync(new URL('../../docs/parts.md', import.meta.url), 'utf8');

    const named = PARTS.flatMap((known) => [
      known.name,
      ...known.sources.flatMap((source) => {
        if (source.client === 'maven') return source.artifact;
        if (source.client === 'jars') return source.artifacts;
        if (source.client === 'pip') return source.requirement;
        if (source.client === 'go') return source.module;
        return source.client === 'apt' ? source.package : source.part;
      }),
    ]);

    expect(named.filter((text) => !docs.includes(`\`${text}\``))).toEqual([]);
  });
});
