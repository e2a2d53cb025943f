// Restores a log that went through a chat, a web page or the comment of a program. It removes quote prefixes,
// comment and code in front of lines, blanks in front of all lines, blanks that do not break, and characters written as
// HTML. Only a text that begins like that is changed. Pure functions.

export function mayBePaste(start: string): boolean {
  return (
    /^```/m.test(start) ||
    CODE.test(start) ||
    startsLines(start, QUOTE) ||
    startsLines(start, COMMENT) ||
    /&lt;init&gt;|&nbsp;|^\xc2\xa0+(?:\xc2\xa0| )*at /m.test(start) ||
    WRAPPED_NAME.test(start)
  );
}

/**
 * Name in one line and `| text` in the next: a web page broke the lines of docker compose after the name
 * (`taskmanager-1`).
 */
const WRAPPED_NAME = /^([\w.-]+)[ \t]*\n[ \t]*\| /m;
const QUOTE = /^(?:(?:> ?)+|\| )/;
/** Comment prefixes of Java. A number sign is none of them, because it begins the lines of a JVM's crash report. */
const COMMENT = /^[ \t]*(?:\/\/|\*(?![*/])) ?/;
/** Lines inside the code markup of a page's source. */
const CODE = /^<(?:pre|code)\b[^<>]*>|^`[^`\n]+`\r?$|^`(?=Caused by: |(?:[\w$]+\.)+[A-Z][\w$]*(?:Exception|Error)\b)/m;

/** True if most lines begin with the pattern. A single line may begin like that by chance. */
function startsLines(text: string, pattern: RegExp): boolean {
  const lines = text
    .split('\n')
    .slice(0, -1)
    .filter((line) => line.trim() !== '');
  return lines.length > 1 && lines.filter((line) => pattern.test(line)).length >= 0.8 * lines.length;
}

export function cleanPaste(text: string): string {
  const bare = startsLines(text, COMMENT) ? text.replaceAll(new RegExp(COMMENT, 'gm'), '') : text;
  return (
    bare
      // The fence is followed by the language, or already by the log.
      .replaceAll(/^```[\w+-]*[ \t]*\r?\n?$|^```|```\r?$/gm, '')
      .replaceAll(/^<(?:pre|code)\b[^<>]*>|<\/(?:pre|code)>(?=\r?$)/gm, '')
      .replaceAll(/^`([^`\n]+)`(?=\r?$)/gm, '$1')
      .replaceAll(/^`(?=Caused by: |(?:[\w$]+\.)+[A-Z][\w$]*(?:Exception|Error)\b)|(?<=[^`\n])`$/gm, '')
      .replaceAll(new RegExp(WRAPPED_NAME, 'gm'), '$1 | ')
      .replaceAll(new RegExp(QUOTE, 'gm'), '')
      .replaceAll(/&nbsp;|\u00a0/g, ' ')
      .replaceAll('&lt;', '<')
      .replaceAll('&gt;', '>')
      .replaceAll('&quot;', '"')
      .replaceAll('&#39;', "'")
      .replaceAll('&amp;', '&')
  );
}

/** True if every line is indented, as code in a page's source or in an answer to a mail is. */
export function mayBeIndented(start: string): boolean {
  return findIndent(start.slice(0, start.lastIndexOf('\n') + 1)) !== '';
}

export function cleanIndent(text: string): string {
  const indent = findIndent(text);
  return text
    .split('\n')
    .map((line) => (line.startsWith(indent) ? line.slice(indent.length) : line))
    .join('\n');
}

/** Returns the indent that all lines have: the shortest one. A trace without its first line has none. */
function findIndent(text: string): string {
  const lines = text.split('\n').filter((line) => line.trim() !== '');
  if (lines.every((line) => FRAME.test(line))) return '';
  return lines
    .map((line) => /^[ \t]*/.exec(line)?.[0] ?? '')
    .reduce((least, blanks) => (least.startsWith(blanks) ? blanks : blanks.startsWith(least) ? least : ''));
}

const FRAME = /^\s*(?:at |\.\.\. \d)/;
