// Provides the programs that fetching and running parts need: maven, pip, unzip, a JDK, Debian packages. As root a
// missing one is installed with apt-get; otherwise the error says which package to install.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { dropColour, runCommand } from './process.js';

/** Error of a part, for people: what happened, why (the last message of the client), and what to do. */
export class PartError extends Error {
  constructor(
    what: string,
    readonly why: string,
    fix: string,
  ) {
    super(`${what}\n  Why: ${why}\n  What to do: ${fix}.`);
    this.name = 'PartError';
  }
}

const DEBIAN_PACKAGE = {
  mvn: 'maven',
  unzip: 'unzip',
  tar: 'tar',
  python3: 'python3',
  pip: 'python3-pip',
  ip: 'iproute2',
  go: 'golang-go',
} as const;
export type Tool = keyof typeof DEBIAN_PACKAGE;

/** Ensures that the tool is there; `say` is notified of an installation. */
export async function requireTool(tool: Tool, say: (text: string) => void): Promise<void> {
  if (await hasTool(tool)) return;
  await installPackage(DEBIAN_PACKAGE[tool], say);
  if (!(await hasTool(tool))) {
    throw new PartError(
      `The program ${tool} is missing.`,
      `package ${DEBIAN_PACKAGE[tool]} was installed, yet ${tool} does not run`,
      `install ${tool} by hand so that it is on the PATH`,
    );
  }
}

async function hasTool(tool: Tool): Promise<boolean> {
  if (tool === 'pip') return (await runCommand('python3', ['-m', 'pip', '--version'])).code === 0;
  return (process.env['PATH'] ?? '').split(delimiter).some((folder) => existsSync(join(folder, tool)));
}

let packageListIsFresh = false;

/**
 * Runs apt-get install, without recommendations and without starting any service. Throws a PartError if that is not
 * possible.
 */
export async function installPackage(name: string, say: (text: string) => void): Promise<void> {
  const byHand = `install it as root: apt-get install -y --no-install-recommends ${name}`;
  if (process.getuid?.() !== 0) {
    throw new PartError(
      `The Debian package ${name} is not installed.`,
      'only root can install packages, and this is another user',
      byHand,
    );
  }
  if (!existsSync('/usr/bin/apt-get')) {
    throw new PartError(
      `The package ${name} is not installed.`,
      'this system has no apt-get',
      `install ${name} with this system's own package manager`,
    );
  }
  // RUNLEVEL=1: Debian's scripts start no service in single-user mode, so Alertmanager does not take its port.
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive', RUNLEVEL: '1', LC_ALL: 'C' };
  // Other apt-get runs may be installing the same dependencies at this moment, so this one waits for their lock.
  const lockWait = ['-o', 'DPkg::Lock::Timeout=300', '-o', 'Acquire::Retries=3'];
  if (!packageListIsFresh) {
    say('apt-get update');
    await runCommand('apt-get', [...lockWait, '-qq', 'update'], { env }); // an old list may do; else the install fails
    packageListIsFresh = true;
  }
  say(`apt-get install ${name}`);
  const ended = await runCommand('apt-get', [...lockWait, '-qq', 'install', '-y', '--no-install-recommends', name], {
    env,
    timeoutMs: 900_000,
  });
  if (ended.code !== 0) {
    throw new PartError(
      `The Debian package ${name} could not be installed.`,
      readLastLine(ended.stderr, /^E:/),
      `${byHand}; see what it says`,
    );
  }
}

/**
 * Returns the line of a client's error output that contains the reason: the first match of the pattern, or else the
 * last line.
 */
export function readLastLine(output: string, reason: RegExp): string {
  const lines = dropColour(output)
    .split(/[\r\n]+/)
    .map((line) => line.trim())
    .filter((line) => line !== '');
  const line = lines.find((candidate) => reason.test(candidate)) ?? lines.at(-1) ?? 'it said nothing';
  return line.replace(/^(\[ERROR\]|ERROR:|E:) /, '').replace(/ -> \[Help \d+\]$/, '');
}

export interface JavaRange {
  min: number;
  max: number;
}

/** Returns a JAVA_HOME within the range: $JAVA_HOME first, then the lowest matching version under /usr/lib/jvm. */
export function findJava(range: JavaRange): string | undefined {
  const fits = listJava().filter((java) => java.version >= range.min && java.version <= range.max);
  const own = process.env['JAVA_HOME'];
  return (fits.find((java) => java.home === own) ?? fits[0])?.home;
}

/** Long-term versions of Java that some Debian release has as a package. */
const DEBIAN_JAVA = [17, 21, 25];

/**
 * Returns a JAVA_HOME like findJava. As root it installs Debian's JDK if the release has a matching one; otherwise the
 * error lists what was found.
 */
export async function requireJava(part: string, range: JavaRange, say: (text: string) => void): Promise<string> {
  const here = findJava(range);
  if (here !== undefined) return here;
  const packages = DEBIAN_JAVA.filter((version) => version >= range.min && version <= range.max).map(
    (version) => `openjdk-${version}-jdk-headless`,
  );
  const reasons: string[] = [];
  for (const name of packages) {
    try {
      await installPackage(name, say);
      const installed = findJava(range);
      if (installed !== undefined) return installed;
    } catch (error) {
      if (!(error instanceof PartError)) throw error;
      reasons.push(error.why);
    }
  }
  const seen = listJava()
    .map((java) => `${java.version} in ${java.home}`)
    .join(', ');
  throw new PartError(
    `${part} needs a JDK from ${range.min}${range.max >= 99 ? ' up' : ` to ${range.max}`}, and none is here.`,
    `seen under JAVA_HOME and /usr/lib/jvm: ${seen === '' ? 'none' : seen}; ${[...new Set(reasons)].join('; ')}`,
    `install one (Debian, where the release has it: ${packages.join(' or ')}), or unpack one and set JAVA_HOME to it`,
  );
}

function listJava(): { home: string; version: number }[] {
  const own = process.env['JAVA_HOME'];
  const installed = existsSync('/usr/lib/jvm')
    ? readdirSync('/usr/lib/jvm').map((name) => join('/usr/lib/jvm', name))
    : [];
  return [...(own === undefined ? [] : [own]), ...installed]
    .filter((home) => existsSync(join(home, 'bin', 'java')) && existsSync(join(home, 'release')))
    .map((home) => ({ home, version: readVersion(readFileSync(join(home, 'release'), 'utf8')) }))
    .sort((a, b) => a.version - b.version);
}

/** Reads the major version: `JAVA_VERSION="17.0.15"` → 17; `JAVA_VERSION="1.8.0_402"` → 8. */
function readVersion(release: string): number {
  const [, major, minor] = /JAVA_VERSION="(\d+)(?:\.(\d+))?/.exec(release) ?? [];
  return Number(major === '1' ? minor : major);
}
