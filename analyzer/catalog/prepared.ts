// Provides the documents of the built-in catalog as they were read when the program was built. YAML and schema take
// most of a second for some hundred rules, and a small log is to be answered at once. A document that was not touched
// since is taken as it was read, without parsing, and a rule that no line calls for is not even decoded. A changed rule
// is simply read again. The catalog reads every document here; write-prepared.ts, a step of the build, writes the file.
// The sources use the file of the last build, if there was one.
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join, relative, resolve, sep } from 'node:path';
import { createError } from '../../core/errors.js';
import { parseDocument, trustDocument, type ParsedDocument } from '../../core/document.js';

/**
 * File that the build writes beside the built entry point. The packed literals lie beside it in a file of their own.
 */
const PREPARED_FILE = join(findBuilt(import.meta.dirname), 'rules.jsonl');

/**
 * Finds the folder of the built entry point, above this file or beside the sources. Before a build it returns a folder
 * without an entry point.
 */
function findBuilt(folder: string): string {
  for (let at = folder; at !== dirname(at); at = dirname(at))
    for (const built of [at, join(at, 'dist')]) if (existsSync(join(built, 'cli.js'))) return built;
  return folder;
}

/** First line of the file. Each further line holds the value of a document, in the order of `documents`. */
interface Header {
  /** Time when the build began to read, in milliseconds since 1970. */
  readonly readAt: number;
  /** Folder of the catalog, relative to the folder of the prepared file. */
  readonly root: string;
  readonly literals: readonly string[];
  /** Length in bytes of the file that holds the packed literals. */
  readonly packedBytes: number;
  readonly documents: readonly DocumentRow[];
  /** Hashes of the files in SCHEMAS. */
  readonly schemas: readonly string[];
}

interface DocumentRow {
  /** Path relative to the root. Rows stand in the order in which the files were listed. */
  readonly path: string;
  /** Length of its line in bytes. */
  readonly bytes: number;
  /** Hash of the file's content. */
  readonly hash: string;
  /** Anchors of a rule, as indexes into `literals`. */
  readonly alternatives?: readonly (readonly number[])[];
  readonly steps?: readonly number[];
}

/** Texts that the lines of a log must hold before anything else of a rule is checked. */
export interface RuleAnchors {
  /** Anchor of each alternative, followed by the words by which a message alone is recognized. */
  readonly alternatives: readonly (readonly string[])[];
  readonly steps: readonly string[];
}

/** Literals and anchors to look for, of a catalog that was loaded and has no problems. */
export interface PreparedScan {
  /** Anchors of the rules, by the path of their rule.yaml. */
  readonly anchors: ReadonlyMap<string, RuleAnchors>;
  readonly literals: readonly string[];
  /** Literals in the form in which the scan looks for them (anchors.ts). */
  readonly packed: Uint8Array;
}

interface PreparedDocument {
  readonly hash: string;
  readonly text: Buffer;
  readonly anchors: RuleAnchors | undefined;
}

interface PreparedCatalog {
  readonly root: string;
  readonly readAt: number;
  /** Documents by absolute path. */
  readonly documents: ReadonlyMap<string, PreparedDocument>;
  readonly literals: readonly string[];
  readonly packedBytes: number;
}

/** Form of a document whose value is made of what it says, and of other files beside it. */
export interface PreparedForm {
  /** True if nobody has touched the files beside it. */
  readonly isTrusted: () => boolean;
  readonly make: (document: ParsedDocument) => ParsedDocument;
}

/** File of prepared documents. `save` writes it; the other methods say what it holds. */
export interface PreparedDocuments {
  /**
   * Reads a file as parseDocument does. A document that the build read and nobody has touched since is trusted, and
   * neither the file nor the schema is opened.
   */
  read(file: string, name: string, openSchema: () => object, form?: PreparedForm): ParsedDocument;
  /** True if the build read the file and nobody has touched it since, or if it is neither there nor was it then. */
  isUntouched(file: string): boolean;
  /**
   * Lists the files that the build read below this folder, in its order. Undefined if the build did not read the
   * folder, or if files came or went since.
   */
  list(folder: string): readonly string[] | undefined;
  /** Returns what the rule in this file looked for when it was built; only for a trusted document. */
  anchorsOf(file: string): RuleAnchors | undefined;
  /**
   * Returns these literals in the form in which the scan looks for them; undefined if they are not those of the build.
   */
  packedOf(literals: readonly string[]): Uint8Array | undefined;
  /** Forgets the prepared documents, so that everything is read again and every check is made. */
  forget(): void;
  /** Saves what was read since `readAt` for the next start. */
  save(root: string, readAt: number, scan: PreparedScan): void;
}

export function openPrepared(preparedFile: string): PreparedDocuments {
  const packedFile = preparedFile.replace(/\.jsonl$/, '.bin');
  let prepared: PreparedCatalog | undefined;
  const parsed = new Map<string, { readonly value: unknown; readonly hash: string }>();
  const load = (): PreparedCatalog => (prepared ??= readPrepared(preparedFile));

  function read(file: string, name: string, openSchema: () => object, form?: PreparedForm): ParsedDocument {
    const known = load().documents.get(file);
    if (known !== undefined && isUntouched(file, load().readAt, known.hash) && form?.isTrusted() !== false)
      return trustDocument(
        () => JSON.parse(known.text.toString()),
        () => readFileSync(file, 'utf8'),
        name,
      );
    // Reading from a pipe would wait forever.
    if (!statSync(file).isFile()) throw createError('JT_FILE_UNREADABLE', { path: name, problem: 'it is no file' });
    const bytes = readFileSync(file);
    const written = parseDocument(bytes.toString('utf8'), name, openSchema());
    const document = form === undefined ? written : form.make(written);
    parsed.set(file, { value: document.value, hash: hashBytes(bytes) });
    return document;
  }

  function list(folder: string): readonly string[] | undefined {
    const { root, documents } = load();
    if (folder !== root) return undefined;
    const files = [...documents.keys()];
    return files.length > 0 && [...foldersOf(files, root)].every((path) => isOlder(path, load().readAt))
      ? files
      : undefined;
  }

  function packedOf(literals: readonly string[]): Uint8Array | undefined {
    const known = load();
    if (
      literals.length !== known.literals.length ||
      literals.some((literal, index) => literal !== known.literals[index]) ||
      !existsSync(packedFile)
    )
      return undefined;
    const packed = readFileSync(packedFile);
    return packed.length === known.packedBytes ? packed : undefined;
  }

  function save(root: string, readAt: number, { anchors, literals, packed }: PreparedScan): void {
    const places = new Map(literals.map((literal, index) => [literal, index]));
    const placesOf = (texts: readonly string[]): readonly number[] => texts.flatMap((text) => places.get(text) ?? []);
    const lines = [...parsed.values()].map(({ value }) => JSON.stringify(value));
    const documents = [...parsed].map(([file, { hash }], index): DocumentRow => {
      const own = anchors.get(file);
      const row = { path: relative(root, file), bytes: Buffer.byteLength(lines[index] ?? ''), hash };
      return own === undefined
        ? row
        : { ...row, alternatives: own.alternatives.map(placesOf), steps: placesOf(own.steps) };
    });
    const header: Header = {
      readAt,
      root: relative(dirname(preparedFile), root),
      literals,
      packedBytes: packed.length,
      documents,
      schemas: SCHEMAS.map((name) => hashBytes(readFileSync(join(root, name)))),
    };
    writeFileSync(packedFile, packed);
    writeFileSync(preparedFile, [JSON.stringify(header), ...lines, ''].join('\n'));
  }

  return {
    read,
    isUntouched: (file) => {
      const known = load().documents.get(file);
      return known === undefined ? !existsSync(file) : isUntouched(file, load().readAt, known.hash);
    },
    list,
    anchorsOf: (file) => load().documents.get(file)?.anchors,
    packedOf,
    forget: () => void (prepared = NOTHING),
    save,
  };
}

const NOTHING: PreparedCatalog = { root: '', readAt: 0, documents: new Map(), literals: [], packedBytes: 0 };

const SCHEMAS = ['schema.json', 'rule.schema.json', 'engine.schema.json'] as const;

/** Reads the prepared file. If a schema has changed, everything in the file is stale. */
function readPrepared(file: string): PreparedCatalog {
  if (!existsSync(file)) return NOTHING;
  const bytes = readFileSync(file);
  let end = bytes.indexOf(10);
  const header: Header = JSON.parse(bytes.toString('utf8', 0, end));
  const root = resolve(dirname(file), header.root);
  const isCurrent = (name: string, index: number): boolean =>
    isUntouched(join(root, name), header.readAt, header.schemas[index]);
  if (!SCHEMAS.every(isCurrent)) return NOTHING;
  const textsOf = (places: readonly number[]): readonly string[] =>
    places.flatMap((place) => header.literals[place] ?? []);
  const documents = header.documents.map(
    ({ path, bytes: length, hash, alternatives, steps }): [string, PreparedDocument] => {
      const start = end + 1;
      end = start + length;
      const anchors =
        alternatives === undefined
          ? undefined
          : { alternatives: alternatives.map(textsOf), steps: textsOf(steps ?? []) };
      return [`${root}${sep}${path}`, { hash, text: bytes.subarray(start, end), anchors }];
    },
  );
  return {
    root,
    readAt: header.readAt,
    documents: new Map(documents),
    literals: header.literals,
    packedBytes: header.packedBytes,
  };
}

/**
 * True if nobody has touched the file since. A tool that puts a file in place may set the file's modification time
 * back, as tar and rsync do, but not the time at which the file was put there. A file that came after the build, as in
 * an installed package, is compared by its content.
 */
function isUntouched(path: string, readAt: number, hash: string | undefined): boolean {
  return isOlder(path, readAt) || (existsSync(path) && hashBytes(readFileSync(path)) === hash);
}

function isOlder(path: string, readAt: number): boolean {
  return (statSync(path, { throwIfNoEntry: false })?.ctimeMs ?? Number.POSITIVE_INFINITY) <= readAt;
}

function hashBytes(bytes: Buffer): string {
  return createHash('sha1').update(bytes).digest('base64');
}

/** Returns every folder from the root down to the files. A folder in which a file came or went has another time. */
function foldersOf(files: readonly string[], root: string): ReadonlySet<string> {
  const folders = new Set([root]);
  for (const file of files) {
    for (let folder = dirname(file); !folders.has(folder) && folder.length > root.length; folder = dirname(folder))
      folders.add(folder);
  }
  return folders;
}

export const PREPARED = openPrepared(PREPARED_FILE);
