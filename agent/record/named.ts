// Finds values of names that mark a secret: `s3.secret-key: abc`, `"password":"abc"`, `-Dx.password=abc`,
// `--token abc`, `'password' = 'abc'`, `password -> abc`, elements and attributes of XML, also if quotes are escaped
// several times. In: a text. Out: the positions of the values.
//
// The time grows with the length of the text alone: a run of name characters is searched once, and a value that is
// hidden is not searched again.
import { isSecretName, MAX_NAME_UNITS, SECRET_WORDS } from '../../core/text/secrets.js';

/** Range of a text that is replaced by ***. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

/** Name, the index after it, and the character before it. */
interface Name {
  readonly text: string;
  readonly end: number;
  readonly before: string;
  readonly plain: Reach;
}

/** Range that was last searched for the end of a plain value, so that not each name within it searches again. */
interface Reach {
  start: number;
  end: number;
}

/** Words of a name whose value is a secret, and the two whose rules are in this file. */
export const NAME_WORDS = String.raw`${SECRET_WORDS}|azure\.sas\.|pass(?![a-z])`;
const KEYWORD = new RegExp(NAME_WORDS, 'gi');

const ENDS = new RegExp(`(?:${SECRET_WORDS}|pass)$`, 'i');

/** Names of Azure, which end with the account: `fs.azure.account.key.store.blob.core.windows.net`. */
const ACCOUNT = /account[-_.]?key\.[\w.-]+$|azure\.sas\.(?!token\.provider)[\w.-]+\.core\.[\w.-]+$/i;
/** Short form of `password`. It is also a word of its own, so it must be a whole part of a name. */
const PASS = /(?:^|[._-]|user|db|store)pass$/i;
/** Values that are no secret: nothing, a value that somebody has hidden, or the type of a column. */
const NO_VALUES = 'null|none|true|false|yes|no|on|off|enabled|disabled|required|missing|invalid|expired|string';
const NOTHING = new RegExp(String.raw`^(?:|${NO_VALUES}|\*+|\[hidden\]|<hidden>)$`, 'i');
/** Number after `pass`, which counts what passed and is no password. */
const NUMBER = /^[\d.]+%?$/;
/** Least length of a token. The tokens of a parser are shorter. Flink's fencing token is no secret. */
const MIN_TOKEN_UNITS = 8;
const MIN_SENTENCE_UNITS = 8;
const MAX_IN_LIST = 500;
const FENCING = /fencing $/i;
/** Longest distance of a `<value>` from its `<name>`, with a description between them. */
const MAX_BETWEEN = 500;

/** Finds the values of secret names. Each run of name characters is read once. */
export function findNamed(text: string): readonly Span[] {
  const spans: Span[] = [];
  const plain: Reach = { start: 0, end: -1 };
  let from = 0;
  KEYWORD.lastIndex = 0;
  for (let found = KEYWORD.exec(text); found !== null; found = KEYWORD.exec(text)) {
    const start = runStart(text, found.index, from);
    const end = runEnd(text, found.index);
    const span = readNamed(text, start, end, plain);
    if (span !== undefined) spans.push(span);
    from = Math.max(end, span?.end ?? end);
    KEYWORD.lastIndex = from;
  }
  return spans;
}

function readNamed(text: string, start: number, end: number, plain: Reach): Span | undefined {
  if (end - start > MAX_NAME_UNITS) return undefined;
  const name: Name = { text: text.slice(start, end), end, before: start === 0 ? '' : text.charAt(start - 1), plain };
  const isShort = PASS.test(name.text);
  if (!isShort && !isSecretName(name.text) && !ACCOUNT.test(name.text)) return undefined;
  // The name is checked before its value is searched, so that names that do not count cost no search.
  if (!mayBegin(name, text.charAt(end)) && !text.startsWith('</', end)) return undefined;
  const value = findValue(text, name);
  if (value === undefined) return undefined;
  const shown = text.slice(value.start, value.end);
  if (NOTHING.test(shown) || (isShort && NUMBER.test(shown))) return undefined;
  if (
    /^token$/i.test(name.text) &&
    (shown.length < MIN_TOKEN_UNITS || FENCING.test(text.slice(Math.max(0, start - 10), start)))
  )
    return undefined;
  return value;
}

/** Returns true if a name may begin here; within a path or an address it is a part of something else. */
function mayBegin({ text, before }: Name, behind: string): boolean {
  if (isArgument(text) || text.includes('-D') || before === '') return true;
  return /[\s,;={([<"'&\\|\u0080-\uffff]/.test(before) || (behind === '=' && /[:=?#!]/.test(before));
}

function isArgument(name: string): boolean {
  return /^--?[a-z]/i.test(name);
}

function findValue(text: string, name: Name): Span | undefined {
  const isQuoted = name.before === '"' || name.before === "'";
  const closed = isQuoted ? closeQuote(text, name.end, name.before) : undefined;
  const at = closed ?? name.end;
  return readMarkup(text, at, name, closed !== undefined) ?? readAssigned(text, at, name, closed !== undefined);
}

/** Returns the index after the quotation mark that closes a name, escaped or not. */
function closeQuote(text: string, at: number, quote: string): number | undefined {
  const behind = skipBackslashes(text, at);
  return text[behind] === quote ? behind + 1 : undefined;
}

/** Reads elements and attributes of XML, `name: DB_PASSWORD, value: abc`, and Flink's sentence about an option. */
function readMarkup(text: string, at: number, { text: name, before }: Name, isQuoted: boolean): Span | undefined {
  if ((before === '<' || isQuoted) && text[at] === '>') return until(text, at + 1, /[<\n]/g);
  const pair = /^[\s,]{1,20}\\*["']?value\\*["']?\s?[:=]\s{0,2}\\*(["']?)/.exec(text.slice(at, at + 60));
  if (pair !== null) return until(text, at + pair[0].length, pair[1] === '' ? /[\s,})\]]/g : /(?<!\\)\\*["'\n]/g);
  const element = startOfSibling(text, at);
  if (element !== undefined) return until(text, element, /[<\n]/g);
  if (text.startsWith(', ', at) && text.slice(0, at - name.length).endsWith('configuration property: '))
    return until(text, at + 2, /\s/g);
  return undefined;
}

/** Returns the start of the value in `<name>fs.s3a.secret.key</name> <value>`, as in Hadoop's files. */
function startOfSibling(text: string, at: number): number | undefined {
  if (!text.startsWith('</name>', at)) return undefined;
  const between = text.slice(at, at + MAX_BETWEEN);
  const value = between.indexOf('<value>');
  const next = between.indexOf('<name>');
  return value === -1 || (next !== -1 && next < value) ? undefined : at + value + '<value>'.length;
}

function readAssigned(text: string, at: number, name: Name, isQuoted: boolean): Span | undefined {
  const behind = skipBlanks(text, at);
  const signAt = skipBackslashes(text, behind);
  const sign = /^(?:=>|->|:=|[=:：＝为是])/.exec(text.slice(signAt, signAt + 2))?.[0];
  if (sign === undefined) return readUnassigned(text, at, behind, name);
  const filled = skipBlanks(text, signAt + sign.length);
  const list = text[filled] === '[' ? readList(text, filled) : undefined;
  if (list !== undefined) return list;
  const first = skipOpening(text, filled);
  const quoted = skipBackslashes(text, first);
  const quote = text[quoted];
  if (quote === '"' || quote === "'")
    return quoted > first ? until(text, quoted + 1, /(?<!\\)\\*["\n]/g) : readQuoted(text, first, quote);
  if (isQuoted) return undefined;
  if (sign === ':') return mayFollow(text, signAt, filled, name) ? readPlain(text, first, name.plain) : undefined;
  return /[为是]/.test(sign) && !/[!-~]/.test(text.charAt(first)) ? undefined : readBare(text, first);
}

/**
 * Returns true if a value may follow this colon. A colon also comes before a line number, a path or a method, so
 * without a blank after it the name must end with its word, as in `password:abc`.
 */
function mayFollow(text: string, colon: number, start: number, { text: name }: Name): boolean {
  if (text.slice(colon, start).includes('\n')) return false;
  return start > colon + 1 || (ENDS.test(name) && !/[:/]/.test(text.charAt(start)));
}

/** Reads all of a short list on this line. */
function readList(text: string, open: number): Span | undefined {
  const inner = text.slice(open + 1, open + 1 + MAX_IN_LIST);
  const length = inner.search(/[\]\n]/);
  if (length < 0 || !/^\s{0,20}\\{0,8}["']|\d/.test(inner.slice(0, length))) return undefined;
  return { start: open + 1, end: open + 1 + length };
}

/** Skips what may open a value: the bracket of a list of one, or the prefix of a Python string. */
function skipOpening(text: string, at: number): number {
  return at + (/^(?:\[|[bu](?=['"]))/.exec(text.slice(at, at + 2))?.[0].length ?? 0);
}

/** Reads `--token abc`, the same as a list prints it, and the columns of a table of options. */
function readUnassigned(text: string, at: number, behind: number, { text: name }: Name): Span | undefined {
  if (name.startsWith('--') && text.startsWith(', ', at)) return until(text, at + 2, /[\s,\]]/g);
  if (isArgument(name) && behind > at && text[behind] !== '-' && text[behind] !== undefined)
    return readWord(text, behind);
  const isColumn = name.includes('.') && (behind - at > 1 || text[at] === '\t');
  return isColumn ? endLine(text, until(text, behind, /[\s,;"'})\]]/g)) : undefined;
}

function readWord(text: string, start: number): Span {
  const quote = text[start];
  return quote === '"' || quote === "'" ? readQuoted(text, start, quote) : until(text, start, /\s/g);
}

/**
 * Reads the value of `name: value` at the end of a line or before punctuation that ends a value. In a sentence, which
 * goes on with another word, the value must look like a secret.
 */
function readPlain(text: string, start: number, plain: Reach): Span | undefined {
  if (start < plain.start || start > plain.end) Object.assign(plain, until(text, start, /[\s,;"'})\]，。；、）】]/g));
  const span = { start, end: plain.end };
  return endLine(text, span) ?? (isLikelySecret(text.slice(start, plain.end)) ? span : undefined);
}

/**
 * Returns true if a value within a sentence looks like a secret: letters and digits in one word that is no class, path
 * or place. The excluding test comes first: a name within the value has its colon there, so no part of a long value is
 * searched again for each name in it.
 */
function isLikelySecret(value: string): boolean {
  return (
    value.length >= MIN_SENTENCE_UNITS &&
    !/[/().:]/.test(value) &&
    /[a-z]/.test(value) &&
    /[A-Z\W_]/.test(value) &&
    /\d/.test(value)
  );
}

function endLine(text: string, span: Span): Span | undefined {
  return /^[^\S\n]*(?:$|[\n,;})\]，。；、）】])/.test(text.slice(span.end, span.end + 80)) ? span : undefined;
}

/** Reads up to a blank or a bracket. Text after a separator belongs to the value, unless another name follows. */
function readBare(text: string, start: number): Span {
  let { end } = until(text, start, /[\s,;"'&})\]<，。；、）】]/g);
  while (/[,;&]/.test(text.charAt(end)) && goesOn(text, end + 1))
    ({ end } = until(text, end + 1, /[\s,;"'&})\]<，。；、）】]/g));
  return { start, end };
}

/** Returns true if the value goes on here. Another name would be followed by its sign. */
function goesOn(text: string, at: number): boolean {
  const rest = text.slice(at, at + 80);
  return /^[^\s,;"'&})\]<]/.test(rest) && !/^[\w.$-]+["']?\s?(?:=|:|->)/.test(rest);
}

/**
 * Reads up to the closing quote. Two quotes in a row, or one after a backslash, are text. A cut value ends with its
 * line.
 */
function readQuoted(text: string, open: number, quote: string): Span {
  // The text around may double its own quotes: password=''abc''.
  if (text[open + 1] === quote && /[^\s,;)}\]'"]/.test(text.charAt(open + 2)))
    return until(text, open + 2, quote === "'" ? /''|\n/g : /""|\n/g);
  let at = open + 1;
  for (; at < text.length && text[at] !== '\n'; at += 1) {
    if (text[at] === '\\') at += 1;
    else if (text[at] === quote) {
      if (text[at + 1] !== quote) break;
      at += 1;
    }
  }
  return { start: open + 1, end: Math.min(at, text.length) };
}

function until(text: string, start: number, stop: RegExp): Span {
  stop.lastIndex = start;
  return { start, end: stop.exec(text)?.index ?? text.length };
}

function skipBlanks(text: string, start: number): number {
  let at = start;
  while (/\s/.test(text.charAt(at))) at += 1;
  return at;
}

function skipBackslashes(text: string, start: number): number {
  let at = start;
  while (text[at] === '\\') at += 1;
  return at;
}

function runStart(text: string, at: number, from: number): number {
  let start = at;
  while (start > from && /[\w.$-]/.test(text.charAt(start - 1))) start -= 1;
  return start;
}

function runEnd(text: string, at: number): number {
  let end = at;
  while (/[\w.$-]/.test(text.charAt(end))) end += 1;
  return end;
}
