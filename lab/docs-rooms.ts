// Renders docs/rooms.md, the table of all rooms, from the READMEs of the stages: what comes in, what goes out, what to
// read first, and a clause about each room. Takes the tree.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, posix } from 'node:path';
import { PACKAGE_ROOT } from '../cli/version.js';

/** Folders with a README: the stages of the product in the order of the data, then what makes and proves it. */
export const STAGES = [
  'core',
  'flink',
  'agent',
  'store',
  'analyzer',
  'notify',
  'api',
  'api/web',
  'cli',
  'lab',
  'bench',
  'test',
] as const;

/** Folders that measure and prove the product; their rooms are counted apart. */
const PROVING: readonly string[] = ['bench', 'test'];

export interface HouseRoom {
  /** Path with a slash at its end. */
  readonly path: string;
  /** Names of its sources, without tests. */
  readonly files: readonly string[];
}

/** Lists the rooms of a stage: its folders that hold sources, beside tests, declarations and what only tests use. */
export function listRooms(stage: string): readonly HouseRoom[] {
  const rooms = new Map<string, string[]>();
  const root = join(PACKAGE_ROOT, stage);
  for (const item of readdirSync(root, { withFileTypes: true, recursive: true })) {
    const path = posix.join(stage, item.parentPath.slice(root.length), '/');
    if (!item.isFile() || !/\.tsx?$/.test(item.name) || /\.(?:test|config|d)\.ts$/.test(item.name)) continue;
    if (path.includes('/testing/') || (stage === 'api' && path.startsWith('api/web/'))) continue;
    rooms.set(path, [...(rooms.get(path) ?? []), item.name]);
  }
  return [...rooms].map(([path, files]) => ({ path, files: files.sort() })).sort((a, b) => (a.path < b.path ? -1 : 1));
}

/** Returns the README of a stage; '': it has none. */
export function readReadme(stage: string): string {
  const path = join(PACKAGE_ROOT, stage, 'README.md');
  return existsSync(path) ? readFileSync(path, 'utf8') : '';
}

/**
 * Returns the clause of a README that names a room, or the nearest folder above it; undefined: none does. The root of a
 * stage needs none.
 */
export function describeRoom(stage: string, path: string, readme: string): string | undefined {
  const clauses = readme.split(/\n(?=\n|- |\|)/).flatMap((block) =>
    block
      .trim()
      .replaceAll('\n', ' ')
      .replace(/^- /, '')
      .split(/[;.] |, (?=`)/),
  );
  const parts = path
    .slice(stage.length + 1)
    .split('/')
    .slice(0, -1);
  for (let count = parts.length; count > 0; count -= 1) {
    const name = `\`${parts.slice(0, count).join('/')}/\``;
    const found = clauses.find((clause) => clause.includes(name));
    if (found !== undefined) return found.replace(/\.$/, '');
  }
  return undefined;
}

export function renderRooms(): string {
  const stages = STAGES.map((stage) => {
    const readme = readReadme(stage);
    const head = readme === '' ? `## ${stage}` : (readme.split('\n- ')[0]?.replace(/^# /, '## ').trimEnd() ?? '');
    const rows = listRooms(stage).map(({ path }) => {
      const text = describeRoom(stage, path, readme) ?? '';
      return `| \`${path}\` | ${text.replaceAll('|', '\\|')} |`;
    });
    return `${head}\n\n| room | |\n|---|---|\n${rows.join('\n')}\n`;
  });
  const counts = STAGES.map((stage) => ({ stage, rooms: listRooms(stage).length }));
  const all = counts.reduce((sum, { rooms }) => sum + rooms, 0);
  const proving = counts.reduce((sum, { stage, rooms }) => sum + (PROVING.includes(stage) ? rooms : 0), 0);
  return `# Rooms\n\nA room is a folder with sources. ${all - proving} rooms, and ${proving} of benches and tests; this page is made from the README of each stage (\`npm run docs\`). [architecture.md](architecture.md) has the map.\n\n${stages.join('\n')}`;
}
