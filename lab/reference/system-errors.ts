// Creates the table of the system's error messages in languages other than English, for the rules. They come from the
// catalogs of glibc, of every release since RHEL 6 (Java puts strerror in the language of LC_MESSAGES into its
// exceptions). Reads a clone of glibc and writes analyzer/catalog/system-errors.ts. Usage: npx tsx
// lab/reference/system-errors.ts DIR, then Prettier.
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const TABLE = fileURLToPath(new URL('../../analyzer/catalog/system-errors.ts', import.meta.url));
/** Release date of glibc 2.12, which RHEL 6 has. */
const SINCE = '2010-05-03';
const LANGUAGES = 'zh_CN zh_TW ja ko de fr es pt_BR ru it pl tr uk vi nl'.split(' ');
/** Errors that a rule uses. */
const ERRORS = [
  'Address already in use',
  'Broken pipe',
  'Cannot allocate memory',
  'Cannot assign requested address',
  'Connection refused',
  'Connection reset by peer',
  'Connection timed out',
  'Disk quota exceeded',
  'Input/output error',
  'Network is unreachable',
  'No child processes',
  'No route to host',
  'No space left on device',
  'No such file or directory',
  'Permission denied',
  'Read-only file system',
  'Resource temporarily unavailable',
  'Software caused connection abort',
  'Stale file handle',
  'Too many open files',
];

/** Texts of other systems and runtimes. */
const ELSEWHERE: Readonly<Record<string, readonly string[]>> = {
  'Connection refused': ['连接被拒绝'],
  'Connection reset by peer': ['连接被对方重置', '连接被对端重置', '连接被对端重设'],
  'Too many open files': ['開いているファイルが多すぎます'],
};

const glibc = process.argv[2] ?? '.';
const git = (...args: readonly string[]): Buffer => execFileSync('git', ['-C', glibc, ...args], { maxBuffer: 1 << 28 });

/** Returns the translations of each error; for each language the most recent comes first. */
function readErrors(): ReadonlyMap<string, ReadonlySet<string>> {
  const found = new Map(ERRORS.map((error) => [error, new Set(ELSEWHERE[error])]));
  for (const language of LANGUAGES) {
    const path = `po/${language}.po`;
    for (const commit of listCommits(path))
      for (const [error, text] of readCatalog(git('show', `${commit}:${path}`))) found.get(error)?.add(text);
  }
  return found;
}

/** Lists the commits since a release, and the one that it contains. */
function listCommits(path: string): readonly string[] {
  const list = (...args: readonly string[]): string[] =>
    git('log', '--format=%H', ...args, '--', path)
      .toString()
      .split('\n')
      .filter((line) => line !== '');
  return [...list(`--since=${SINCE}`), ...list('-1', `--until=${SINCE}`)];
}

/**
 * Reads the translations, without those that are marked as doubtful (msgfmt leaves them out) and those that equal the
 * English text.
 */
function readCatalog(bytes: Buffer): readonly (readonly [error: string, text: string])[] {
  const [, charset] = /charset=([\w-]+)/.exec(bytes.toString('latin1')) ?? [];
  return new TextDecoder(charset)
    .decode(bytes)
    .split('\n\n')
    .flatMap((entry) => {
      if (/^#,.*\bfuzzy\b/m.test(entry)) return [];
      const [error, other] = ['msgid', 'msgstr'].map((name) => readText(entry, name));
      return error === undefined || other === undefined || other === '' || other === error ? [] : [[error, other]];
    });
}

/** Reads a text, which may continue in further lines. */
function readText(entry: string, name: string): string | undefined {
  const [, lines] = new RegExp(`^${name} ((?:"(?:[^"\\\\]|\\\\.)*"\\s*)+)`, 'm').exec(entry) ?? [];
  return lines
    ?.split('\n')
    .map((line) => line.trim().slice(1, -1).replaceAll('\\"', '"'))
    .join('');
}

const rows = [...readErrors()].map(([error, texts]) => `  ${JSON.stringify([error, ...texts])},`);
writeFileSync(
  TABLE,
  `// What the system calls an error in English, and behind it in other languages: data, made by lab/reference/system-errors.ts from
// the catalogs of glibc. Read by spelling.ts.
export const SYSTEM_ERRORS: readonly (readonly [english: string, ...others: string[]])[] = [
${rows.join('\n')}
];
`,
);
