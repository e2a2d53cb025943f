// Splits what grep found in several logs (`grep ERROR *.log`, also with line numbers and with lines of context) into
// the logs, each with what was found in it. Pure functions.

export interface FoundLine {
  readonly path: string;
  readonly text: string;
}

/**
 * Prefix of a line, such as `log/taskmanager.log:` or `log/taskmanager.log:17:`; in lines of context `-` stands in
 * place of `:`.
 */
const NAMED = /^((?:[\w@.+-]*\/)*[\w@.+-]+?\.(?:log|out|err)(?:\.\d+)?)([:-])(?:\d+\2)?/;
/** Separator between lines that were not neighbours. */
const GAP = '--';
/** Date after the prefix. A line of a log may name a file by chance, but a line that grep found goes on with a date. */
const DATED = /^\[?\d{4}-\d\d-\d\d[ T]/;

export function mayBeGrep(start: string): boolean {
  const lines = start
    .split('\n')
    .slice(0, start.includes('\n') ? -1 : undefined)
    .filter((line) => line.trim() !== '' && line !== GAP);
  return (
    lines.length > 0 &&
    lines.every((line) => NAMED.test(line)) &&
    lines.some((line) => DATED.test(line.replace(NAMED, '')))
  );
}

/** Splits the text into files, in the order of their first line. */
export function splitGrep(text: string): readonly FoundLine[] {
  const files = new Map<string, string[]>();
  for (const line of text.split('\n')) {
    const prefix = NAMED.exec(line);
    if (prefix === null) continue;
    const [all, path = ''] = prefix;
    const lines = files.get(path);
    if (lines === undefined) files.set(path, [line.slice(all.length)]);
    else lines.push(line.slice(all.length));
  }
  return [...files].map(([path, lines]) => ({ path, text: `${lines.join('\n')}\n` }));
}
