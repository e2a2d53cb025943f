// The classes of a folder of jars: is a class there, and which texts does it print? Jars in jars are opened (Flink
// packs its planner and its RPC that way), nested classes count as part of theirs, and a library that was moved into
// another package by shading is found under its own name. Called by sources.ts and run.ts.
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { openArchive, type Archive } from './archive.js';
import { readTexts } from './class-file.js';

interface Member {
  readonly archive: Archive;
  readonly file: string;
}

export interface Jars {
  /** All texts of the class and of those nested in it; undefined when there is no such class. */
  findTexts(className: string): readonly string[] | undefined;
  /** True when some class of that package is here, so that one which is not is really gone. */
  hasPackage(name: string): boolean;
  /** Names of the classes that hold the text, for who looks for the source of a message. */
  findClasses(text: string): readonly string[];
  close(): void;
}

/** Must be closed. */
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

/** The names under which the class is here: its own, else those that shading gave it. */
function findNames(places: ReadonlyMap<string, unknown>, className: string): readonly string[] {
  const top = outermost(className);
  return places.has(top) ? [top] : [...places.keys()].filter((name) => name.endsWith(`.${top}`));
}

/** `a.B$C$1` and Scala's `a.B$` → `a.B`. */
function outermost(className: string): string {
  const dollar = className.indexOf('$', className.lastIndexOf('.') + 2);
  return dollar < 0 ? className : className.slice(0, dollar);
}

/** True for the class itself and what is nested in it. */
function isPartOf(file: string, className: string): boolean {
  const path = className.replaceAll('.', '/');
  const at = file.lastIndexOf(path);
  const rest = file.slice(at + path.length);
  return at >= 0 && (rest === '.class' || rest.startsWith('$'));
}
