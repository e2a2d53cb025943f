// What grep found in several logs (`grep ERROR *.log`, also with numbers of lines and with lines around what it found)
// → the logs, each with what was found in it. Called by read.ts; pure.

export interface FoundLine {
  readonly path: string;
  readonly text: string;
}

/**
 * `log/taskmanager.log:` or `log/taskmanager.log:17:` in front of a line; `-` where it stands beside what was looked
 * for.
 */
const NAMED = /^((?:[\w@.+-]*\/)*[\w@.+-]+?\.(?:log|out|err)(?:\.\d+)?)([:-])(?:\d+\2)?/;
/** Between lines that were not neighbours. */
const GAP = '--';
/** A line of a log may name a file by chance; one that grep found there goes on with a date. */
const DATED = /^\[?\d{4}-\d\d-\d\d[ T]/;

export function looksLikeGrep(head: string): boolean {
  const lines = head
    .split('\n')
    .slice(0, head.includes('\n') ? -1 : undefined)
    .filter((line) => line.trim() !== '' && line !== GAP);
  return (
    lines.length > 0 &&
    lines.every((line) => NAMED.test(line)) &&
    lines.some((line) => DATED.test(line.replace(NAMED, '')))
  );
}

/** In order of their first line. */
export function splitGrep(text: string): readonly FoundLine[] {
  const files = new Map<string, string[]>();
  for (const line of text.split('\n')) {
    const head = NAMED.exec(line);
    if (head === null) continue;
    const [all, path = ''] = head;
    const lines = files.get(path);
    if (lines === undefined) files.set(path, [line.slice(all.length)]);
    else lines.push(line.slice(all.length));
  }
  return [...files].map(([path, lines]) => ({ path, text: `${lines.join('\n')}\n` }));
}
