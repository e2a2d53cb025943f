// Finds classes and their texts in folders of jars. Jars inside jars are opened (Flink packs its planner and its RPC
// that way), nested classes count as part of their outer class, and a library that shading moved into another package
// is found under its original name.
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { openArchive, type Archive } from './archive.js';
import { readTexts } from './class-file.js';

interface Member {
  readonly archive: Archive;
  readonly file: string;
}

export interface Jars {
  /** Returns all texts of the class and of its nested classes; undefined if there is no such class. */
  findTexts(className: string): readonly string[] | undefined;
  /** Returns true if any class of that package is here. A missing class of such a package is then really gone. */
  hasPackage(name: string): boolean;
  /** Returns the names of the classes that contain the text, to find the source of a message. */
  findClasses(text: string): readonly string[];
  close(): void;
}

/** Opens the jars of the folders. The caller must close them. */
export function openJars(folders: readonly string[]): Jars {
  const archives: Archive[] = [];
  const places = new Map<string, Member[]>();
  const packages = new Set<string>();
  for (const path of folders.flatMap(listJars)) addArchive(openArchive(path));

  function addArchive(archive: Archive): void {
    archives.push(archive);
    for (const file of archive.names) {
      if (file.endsWith('.jar')) addArchive(openArchive(archive.read(file)));
      if (!file.endsWith('.class') || file.startsWith('META-INF/')) continue;
      const name = file.slice(0, -'.class'.length).replaceAll('/', '.');
      const top = outermost(name);
      packages.add(name.slice(0, name.lastIndexOf('.')));
      const here = places.get(top);
      if (here === undefined) places.set(top, [{ archive, file }]);
      else here.push({ archive, file });
    }
  }

  return {
    findTexts: (className) => {
      const wanted = findNames(places, className);
      if (wanted.length === 0) return undefined;
      const found = wanted.flatMap((name) => places.get(name) ?? []).filter(({ file }) => isPartOf(file, className));
      return found.length === 0
        ? undefined
        : [...new Set(found.flatMap(({ archive, file }) => readTexts(archive.read(file))))];
    },
    hasPackage: (name) => packages.has(name) || [...packages].some((known) => known.endsWith(`.${name}`)),
    findClasses: (text) =>
      [...places.values()]
        .flat()
        .filter(({ archive, file }) => {
          const bytes = archive.read(file);
          return readTexts(bytes).some((constant) => constant.includes(text));
        })
        .map(({ file }) => file.slice(0, -'.class'.length).replaceAll('/', '.')),
    close: () => archives.forEach((archive) => archive.close()),
  };
}

function listJars(folder: string): readonly string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.jar'))
    .sort()
    .map((name) => join(folder, name));
}

/** Returns the names under which the class is here: its own name, else those that shading gave it. */
function findNames(places: ReadonlyMap<string, unknown>, className: string): readonly string[] {
  const top = outermost(className);
  return places.has(top) ? [top] : [...places.keys()].filter((name) => name.endsWith(`.${top}`));
}

/** Returns the outermost class: `a.B$C$1` and Scala's `a.B$` → `a.B`. */
function outermost(className: string): string {
  const dollar = className.indexOf('$', className.lastIndexOf('.') + 2);
  return dollar < 0 ? className : className.slice(0, dollar);
}

/** Returns true for the class itself and for its nested classes. */
function isPartOf(file: string, className: string): boolean {
  const path = className.replaceAll('.', '/');
  const at = file.lastIndexOf(path);
  const rest = file.slice(at + path.length);
  return at >= 0 && (rest === '.class' || rest.startsWith('$'));
}
