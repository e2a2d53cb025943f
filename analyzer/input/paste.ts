// A log that went through a chat or a web page → the log again: marks of quotation and code in front of lines, blanks that
// do not break, and characters written as HTML. Only what begins like that is touched. Called by read.ts; pure.

export function looksLikePaste(head: string): boolean {
  const lines = head.split('\n').slice(0, -1).filter((line) => line.trim() !== '');
  const quoted = lines.filter((line) => QUOTE.test(line)).length;
  return /^```/m.test(head) || MARKED.test(head) || (lines.length > 1 && quoted >= 0.8 * lines.length) || /&lt;init&gt;|&nbsp;|^\xc2\xa0+(?:\xc2\xa0| )*at /m.test(head) || WRAPPED_NAME.test(head);
}

/** `taskmanager-1` in a line, `| text` in the next: a web page broke the lines of docker compose behind the name. */
const WRAPPED_NAME = /^([\w.-]+)[ \t]*\n[ \t]*\| /m;
const QUOTE = /^(?:> ?|\| )/;
/** Lines inside the marks of a page's source. */
const MARKED = /^<(?:pre|code)\b[^>]*>|^`[^`\n]+`\r?$/m;

export function cleanPaste(text: string): string {
  return text
    // Behind the marks the language may stand, or already the log.
    .replaceAll(/^```[\w+-]*[ \t]*\r?\n?$|^```|```\r?$/gm, '')
    .replaceAll(/^<(?:pre|code)\b[^>]*>|<\/(?:pre|code)>(?=\r?$)/gm, '')
    .replaceAll(/^`([^`\n]+)`(?=\r?$)/gm, '$1')
    .replaceAll(new RegExp(WRAPPED_NAME, 'gm'), '$1 | ')
    .replaceAll(/^(?:> ?|\| )/gm, '')
    .replaceAll(/&nbsp;|\u00a0/g, ' ')
    .replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&quot;', '"').replaceAll('&#39;', "'").replaceAll('&amp;', '&');
}
