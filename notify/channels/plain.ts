// Texts of a log, a job's name or a rule in a chat: in one line, without characters that command anything, and without
// what would call people. Each channel escapes its own markup on top of that. Pure.
import { joinLines } from '../../core/text/lines.js';
import { showText } from '../../core/text/terminal.js';

/** Between two characters that would be markup together; nobody sees it. */
const GAP = '\u200b';
/** `@all` and its like, and `@` before a phone number: what chats take for a mention without any markup. */
const CALLING = /[@＠](?=all\b|all成员|所有人|everyone|here\b|channel\b|\+?\d{5})/gi;
/** A tag begins only where a letter, a slash or a sign stands right behind. */
const TAG = /<(?=[a-z/!@?])/gi;

/** What chats make a link of without any markup: an address with its scheme, or that of a web site. */
const ADDRESS = /\b(?:([a-z][a-z\d+.-]{0,20}):\/\/|www\.)[^\s/?#]*/gi;
/** Not these, which no chat opens and people copy: file systems, databases, Flink's own processes. */
const COPIED =
  /^(?:s3[anp]?|hdfs|viewfs|oss|cosn?|obs|gs|abfss?|wasbs?|file|mysql|postgresql|oracle|mongodb|(?:akka|pekko)(?:\.\w+)?)$/i;

export function makePlain(text: string): string {
  return showText(joinLines(text))
    .replaceAll(CALLING, `$&${GAP}`)
    .replaceAll(TAG, `<${GAP}`)
    .replaceAll(ADDRESS, breakAddress);
}

/** Also between the names of the host: what is left of it must not look like a site. */
function breakAddress(address: string, scheme: string | undefined): string {
  if (scheme !== undefined && COPIED.test(scheme)) return address;
  return address.replace('://', `:${GAP}//`).replaceAll('.', `${GAP}.`);
}

/** Markdown in which every mark of the text is only a character; at the beginning of a line too. */
export function escapeMarks(text: string): string {
  return makePlain(text)
    .replaceAll(/[`*_]|\\(?=[!-/:-@[-`{-~])/g, '\\$&')
    .replaceAll('](', `]${GAP}(`)
    .replace(/^(?=[#>+=-]|\d+[.)])/, GAP);
}

/** Parentheses would end a link of Markdown. */
export function escapeUrl(url: string): string {
  return url.replaceAll('(', '%28').replaceAll(')', '%29').replaceAll(/\s/g, '%20');
}

/** For Markdown without escapes: what would be a mark is parted from what makes it one. */
export function partMarks(text: string): string {
  return makePlain(text)
    .replaceAll('**', `*${GAP}*`)
    .replaceAll('](', `]${GAP}(`)
    .replace(/^(?=[#>+=-]|\d+[.)])/, GAP);
}
