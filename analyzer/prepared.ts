// Documents of the built-in catalog, read when the program was built: YAML and schema take most of a second for some hundred
// rules, and a small log is to be answered at once. What was not touched since is taken as it was read, without opening it;
// a changed rule is simply read again. catalog.ts reads every document here; prepare.ts, the build's last step, writes the
// file. Beside the sources there is none.
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join, relative, resolve, sep } from 'node:path';
import { parseDocument, trustDocument, type ParsedDocument } from '../core/document.js';

/** Where the build puts it: beside the built analyzer/ and cli/. */
const PREPARED_FILE = join(import.meta.dirname, '..', 'rules.json');

interface Prepared {
  /** When the build began to read, in milliseconds since 1970. */
  readonly readAt: number;
  /** The catalog's folder, from the folder of this file. */
  readonly root: string;
  /** Path from the root → value, in the order in which the files were listed. */
  readonly values: Readonly<Record<string, unknown>>;
}

interface PreparedCatalog {
  readonly root: string;
  readonly readAt: number;
  /** By absolute path. */
  readonly values: ReadonlyMap<string, unknown>;
}

/** One file of prepared documents; `save` writes it, the others say what it holds. */
export interface PreparedDocuments {
  /** As parseDocument of the file's text; what the build read and nobody touched since is trusted and not opened. */
  read(file: string, name: string, schema: object): ParsedDocument;
  /** The files that the build read below this folder, in its order; undefined when it was not read or files came or went since. */
  list(folder: string): readonly string[] | undefined;
  /** Everything is read again, and every check made. */
  forget(): void;
  /** Keeps what was read since `readAt` for the next start; for a catalog in that folder that was loaded and has no problems. */
  save(root: string, readAt: number): void;
}

export function openPrepared(preparedFile: string): PreparedDocuments {
  let prepared: PreparedCatalog | undefined;
  const parsed = new Map<string, unknown>();
  const load = (): PreparedCatalog => (prepared ??= readPrepared(preparedFile));

  function isUntouched(path: string): boolean {
    return (statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? Number.POSITIVE_INFINITY) <= load().readAt;
  }

  function read(file: string, name: string, schema: object): ParsedDocument {
    const known = load().values.get(file);
    if (known !== undefined && isUntouched(file)) return trustDocument(known, () => readFileSync(file, 'utf8'), name);
    const document = parseDocument(readFileSync(file, 'utf8'), name, schema);
    parsed.set(file, document.value);
    return document;
  }

  function list(folder: string): readonly string[] | undefined {
    const { root, values } = load();
    if (folder !== root) return undefined;
    const files = [...values.keys()];
    return files.length > 0 && [...foldersOf(files, root)].every(isUntouched) ? files : undefined;
  }

  function save(root: string, readAt: number): void {
    const values = Object.fromEntries([...parsed].map(([file, value]) => [relative(root, file), value]));
    writeFileSync(preparedFile, `${JSON.stringify({ readAt, root: relative(dirname(preparedFile), root), values } satisfies Prepared)}\n`);
  }

  return { read, list, forget: () => void (prepared = NOTHING), save };
}

const NOTHING: PreparedCatalog = { root: '', readAt: 0, values: new Map() };

/** Another schema makes everything stale. */
function readPrepared(file: string): PreparedCatalog {
  if (!existsSync(file)) return NOTHING;
  const { readAt, root, values }: Prepared = JSON.parse(readFileSync(file, 'utf8'));
  const folder = resolve(dirname(file), root);
  const schema = statSync(join(folder, 'schema.json'), { throwIfNoEntry: false });
  if (schema === undefined || schema.mtimeMs > readAt) return NOTHING;
  return { root: folder, readAt, values: new Map(Object.entries(values).map(([path, value]) => [`${folder}${sep}${path}`, value])) };
}

/** Every folder from the root down to the files: one in which a file came or went has another time. */
function foldersOf(files: readonly string[], root: string): ReadonlySet<string> {
  const folders = new Set([root]);
  for (const file of files) {
    for (let folder = dirname(file); !folders.has(folder) && folder.length > root.length; folder = dirname(folder)) folders.add(folder);
  }
  return folders;
}

export const PREPARED = openPrepared(PREPARED_FILE);
