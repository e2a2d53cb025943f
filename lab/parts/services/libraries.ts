// Builds the lib/, usrlib/ and plugins/ of one cluster where they differ from the part's own: folders of links to the
// stock files and to those that a scenario adds. Variables point Flink's scripts to them; the scripts search usrlib/
// next to lib/. The part itself is never changed.
import { existsSync, mkdirSync, readdirSync, symlinkSync } from 'node:fs';
import { basename, join } from 'node:path';

export interface Libraries {
  /** Jars added to lib/. */
  lib?: readonly string[];
  /** Stock jars left out of lib/, by the beginning of their names. */
  without?: readonly string[];
  /** Jars of an application cluster's own code. */
  usrlib?: readonly string[];
  /** Plugins by name (their folder's), each with its jars, e.g. {'s3-fs-hadoop': [jar]}. */
  plugins?: Readonly<Record<string, readonly string[]>>;
}

/** Makes the folders that are needed, under `dir`/home; returns the variables that point Flink to them. */
export function fillLibraries(home: string, dir: string, libraries: Libraries): Record<string, string> {
  const { lib = [], without = [], usrlib = [], plugins = {} } = libraries;
  const own = join(dir, 'home');
  const env: Record<string, string> = {};
  if (lib.length + usrlib.length + without.length > 0) {
    env['FLINK_LIB_DIR'] = linkAll(join(own, 'lib'), [
      ...listPaths(join(home, 'lib')).filter((path) => !without.some((start) => basename(path).startsWith(start))),
      ...lib,
    ]);
    if (usrlib.length > 0) linkAll(join(own, 'usrlib'), usrlib);
  }
  if (Object.keys(plugins).length > 0) {
    env['FLINK_PLUGINS_DIR'] = linkAll(join(own, 'plugins'), listPaths(join(home, 'plugins')));
    for (const [name, jars] of Object.entries(plugins)) linkAll(join(own, 'plugins', name), jars);
  }
  return env;
}

function linkAll(folder: string, paths: readonly string[]): string {
  mkdirSync(folder, { recursive: true });
  for (const path of paths) {
    if (!existsSync(path)) throw new Error(`There is no ${path} to be put into ${basename(folder)}/.`);
    symlinkSync(path, join(folder, basename(path)));
  }
  return folder;
}

function listPaths(folder: string): string[] {
  return readdirSync(folder).map((name) => join(folder, name));
}
