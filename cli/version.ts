// Finds the version and the folder of this package, which contains rules/, docker/ and the built page. It searches
// upwards from this file, so that it works for the sources, the build and the package.
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

export const PACKAGE_ROOT = findPackageRoot(import.meta.dirname);
export const VERSION = readVersion(join(PACKAGE_ROOT, 'package.json'));
export const PAGE_DIR = join(PACKAGE_ROOT, 'dist', 'web');

function findPackageRoot(folder: string): string {
  if (existsSync(join(folder, 'package.json'))) return folder;
  const parent = dirname(folder);
  if (parent === folder) throw new Error('package.json of jobtrace was not found above its own code');
  return findPackageRoot(parent);
}

function readVersion(path: string): string {
  const value: unknown = JSON.parse(readFileSync(path, 'utf8'));
  return typeof value === 'object' && value !== null && 'version' in value ? String(value.version) : 'unknown';
}
