// Makes log text, a job's name or a rule's text safe in a chat: one line, without control characters, and without
// anything that would mention people. Each channel escapes its own markup in addition. Pure functions.
import { joinLines } from '../../core/text/lines.js';
import { showText } from '../../core/text/terminal.js';

/** Invisible character that separates two characters which together would be markup. */
const GAP = '\u200b';
/** `@all` and similar words, and `@` before a phone number. Chats read them as mentions without any markup. */
const CALLING = /[@＠](?=all\b|all成员|所有人|everyone|here\b|channel\b|\+?\d{5})/gi;
/** Start of a tag: a `<` directly followed by a letter, a slash or a sign. */
const TAG = /<(?=[a-z/!@?])/gi;

/** Addresses of which chats make a link without any markup: with a scheme, or of a web site. */
const ADDRESS = /\b(?:([a-z][a-z\d+.-]{0,20}):\/\/|www\.)[^\s/?#]*/gi;
/** Schemes that no chat opens and people copy: file systems, databases, Flink's own processes. */
const COPIED =
  /^(?:s3[anp]?|hdfs|viewfs|oss|cosn?|obs|gs|abfss?|wasbs?|file|mysql|postgresql|oracle|mongodb|(?:akka|pekko)(?:\.\w+)?)$/i;

export function makePlain(text: string): string {
  return showText(joinLines(text))
    .replaceAll(CALLING, `$&${GAP}`)
    .replaceAll(TAG, `<${GAP}`)
    .replaceAll(ADDRESS, breakAddress);
}

/** Breaks an address so that it is no link. The host name is broken too, so that the remaining part is no host name. */
function breakAddress(address: string, scheme: string | undefined): string {
  if (scheme !== undefined && COPIED.test(scheme)) return address;
  return address.replace('://', `:${GAP}//`).replaceAll('.', `${GAP}.`);
}

/**
 * Escapes Markdown, so that every Markdown character in the text is only a character, even at the beginning of a line.
 */
export function escapeSyntax(text: string): string {
  return makePlain(text)
    .replaceAll(/[`*_]|\\(?=[!-/:-@[-`{-~])/g, '\\$&')
    .replaceAll('](', `]${GAP}(`)
    .replace(/^(?=[#>+=-]|\d+[.)])/, GAP);
}

/** Escapes an address for Markdown, where parentheses would end the link. */
export function escapeUrl(url: string): string {
  return url.replaceAll('(', '%28').replaceAll(')', '%29').replaceAll(/\s/g, '%20');
}

/** Separates Markdown characters from their context by an invisible character, for Markdown without escapes. */
export function separateSyntax(text: string): string {
  return makePlain(text)
    .replaceAll('**', `*${GAP}*`)
    .replaceAll('](', `]${GAP}(`)
    .replace(/^(?=[#>+=-]|\d+[.)])/, GAP);
}
