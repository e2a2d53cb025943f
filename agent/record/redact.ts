// Text of an entry → the same text with passwords, tokens and keys replaced by ***, before anything leaves the node.
// Covers options (`s3.secret-key: abc`, `"password":"abc"`, `-Dx.password=abc`), SQL (`'password' = 'abc'`), XML,
// addresses (`jdbc:mysql://u:p@host`, `?sig=…`), authorization headers, cloud keys and PEM blocks. Called by parse.ts.
//
// The time that a text takes grows with its length alone, whatever stands in it: a run of name characters is looked
// at once, a value that is hidden is not looked at again, and a pattern begins only once in what it walks over.
import { createRegex, type Regex } from '../../core/regex.js';
import { isSecretName, SECRET_PARAMETERS, SECRET_TEXTS, SECRET_WORDS } from '../../core/text/secrets.js';

export interface Redaction {
  readonly text: string;
  readonly count: number;
}

/** Text in, the redacted text and the number of replaced spans out. */
export interface Redactor {
  (text: string): Redaction;
  /** The operator's own: any text may hold what they hide. */
  readonly hasOwnPatterns: boolean;
}

/** A place of a text that is replaced by ***. */
interface Span {
  readonly start: number;
  readonly end: number;
}

const HIDDEN = '***';

/** Words of a name whose value is a secret. */
const KEYWORD = new RegExp(SECRET_WORDS, 'gi');

/** Nothing can be redacted in a text without one of these; most entries end here. */
const HINT = new RegExp(
  String.raw`${SECRET_WORDS}|authorization|bearer\s|:\/\/[^\s/@]*@|[?&](?:sig|signature|sign|key|x-amz-[a-z-]+)=|AKIA|ASIA|-----BEGIN|eyJ`,
  'i',
);

/** Every text with HINT in it holds one of these, whatever the case of its letters. */
export const SECRET_HINTS: readonly string[] = [
  ...SECRET_TEXTS,
  ...['?', '&'].flatMap((mark) => ['sig=', 'signature=', 'sign=', 'key=', 'x-amz-'].map((name) => `${mark}${name}`)),
  ...['authorization', 'bearer', '://', 'akia', 'asia', '-----begin', 'eyj'],
];

/** Azure names the account behind it: `fs.azure.account.key.store.blob.core.windows.net`. */
const ACCOUNT = /account[-_.]?key\.[\w.-]+$/i;
/** There is no value, or somebody has hidden it. */
const NOTHING = /^(?:|null|none|\*+|\[hidden\]|<hidden>)$/i;
/** A longer run of name characters is no name. */
const MOST_NAME_UNITS = 400;

/** Values that show themselves: the group at the end of a match, or all of it. */
const SHOWN: readonly RegExp[] = [
  /\b(?:proxy-)?authorization["']?\s{0,20}[:=]\s{0,20}["']?((?:(?:bearer|basic|apikey|digest|negotiate)\s{1,20})?[^\s"',;]+)/gi,
  /\bbearer\s{1,20}([\w+/=.~-]{8,})/gi,
  new RegExp(String.raw`[?&](?:${SECRET_PARAMETERS})=([^&\s"'<>]+)`, 'gi'),
  // `scheme://user:` in front of a password.
  /(?<![a-z0-9+.-])[a-z][a-z0-9+.-]*:\/\/[^\s/@:?#]*:([^\s/@]+)(?=@)/gi,
  /\b(?:AKIA|ASIA)[A-Z0-9]{16}\b/g,
  /(?<![\w-])eyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]*/g,
];
const BLOCK_BEGIN = /-----BEGIN [A-Z ]{0,40}PRIVATE KEY-----/g;
const BLOCK_END = /-----END [A-Z ]{0,40}PRIVATE KEY-----/g;

/** `patterns` are the operator's own, in RE2. Throws JT_PATTERN_UNSUPPORTED. */
export function createRedactor(patterns: readonly string[] = []): Redactor {
  const own = patterns.map((pattern) => createRegex(pattern, 'gu'));
  const redact = (text: string): Redaction => {
    let result: Redaction = { text, count: 0 };
    if (HINT.test(text))
      for (const find of [findBlocks, findNamed, findShown]) result = hide(result, find(result.text));
    for (const regex of own) result = replaceOwn(result, regex);
    return result;
  };
  return Object.assign(redact, { hasOwnPatterns: own.length > 0 });
}

/** Spans in their order, none in another. */
function hide({ text, count }: Redaction, spans: readonly Span[]): Redaction {
  if (spans.length === 0) return { text, count };
  const parts: string[] = [];
  let from = 0;
  for (const { start, end } of spans) {
    parts.push(text.slice(from, start), HIDDEN);
    from = end;
  }
  parts.push(text.slice(from));
  return { text: parts.join(''), count: count + spans.length };
}

/** What stands between the two lines of a private key; up to the end of a text that was cut. */
function findBlocks(text: string): readonly Span[] {
  const spans: Span[] = [];
  BLOCK_BEGIN.lastIndex = 0;
  for (let begin = BLOCK_BEGIN.exec(text); begin !== null; begin = BLOCK_BEGIN.exec(text)) {
    const start = begin.index + begin[0].length;
    BLOCK_END.lastIndex = start;
    const end = BLOCK_END.exec(text);
    spans.push({ start, end: end?.index ?? text.length });
    if (end === null) break;
    BLOCK_BEGIN.lastIndex = end.index + end[0].length;
  }
  return spans;
}

/** The values of names such as `s3.secret-key`. Each run of name characters is taken once. */
function findNamed(text: string): readonly Span[] {
  const spans: Span[] = [];
  let from = 0;
  KEYWORD.lastIndex = 0;
  for (let found = KEYWORD.exec(text); found !== null; found = KEYWORD.exec(text)) {
    const start = runStart(text, found.index, from);
    const end = runEnd(text, found.index);
    const span = readNamed(text, start, end);
    if (span !== undefined) spans.push(span);
    from = Math.max(end, span?.end ?? end);
    KEYWORD.lastIndex = from;
  }
  return spans;
}

function readNamed(text: string, start: number, end: number): Span | undefined {
  if (end - start > MOST_NAME_UNITS) return undefined;
  const name = text.slice(start, end);
  if (!isSecretName(name) && !ACCOUNT.test(name)) return undefined;
  const before = start === 0 ? '' : text.charAt(start - 1);
  const isOption = name.startsWith('--') || name.includes('-D');
  const value = findValue(text, end, { before, name });
  if (value === undefined || NOTHING.test(text.slice(value.start, value.end))) return undefined;
  return isOption || before === '' || /[\s,;{([<"'&\\]/.test(before) || text.startsWith('</', end) ? value : undefined;
}

/** Where the value of a name stands that ends at `end`. */
function findValue(
  text: string,
  end: number,
  { before, name }: { readonly before: string; readonly name: string },
): Span | undefined {
  const isQuoted = (before === '"' || before === "'") && text[end] === before;
  const isEscaped = before === '"' && text.startsWith('\\"', end);
  const at = end + (isQuoted ? 1 : isEscaped ? 2 : 0);
  if (before === '<' && text[at] === '>') return until(text, at + 1, /[<\n]/g);
  const element = startOfSibling(text, at);
  if (element !== undefined) return until(text, element, /[<\n]/g);
  if (text.startsWith(', ', at) && text.slice(0, at - name.length).endsWith('configuration property: '))
    return until(text, at + 2, /\s/g);
  const behind = skipBlanks(text, at);
  const sign = text.startsWith('=>', behind) ? 2 : text[behind] === '=' || text[behind] === ':' ? 1 : 0;
  if (sign === 0) return name.startsWith('--') && behind > at ? readArgument(text, behind) : undefined;
  const first = skipBlanks(text, behind + sign);
  const quote = text[first];
  if (quote === '"' || quote === "'") return readQuoted(text, first, quote);
  if (text.startsWith('\\"', first)) return until(text, first + 2, /\\?["\n]/g);
  if (isQuoted) return undefined;
  if (text[behind] === ':' && sign === 1) return readPlain(text, first, behind);
  return until(text, first, /[\s,;"'&})\]<]/g);
}

/** `<name>fs.s3a.secret.key</name> <value>` of Hadoop's files. */
function startOfSibling(text: string, at: number): number | undefined {
  if (!text.startsWith('</name>', at)) return undefined;
  const value = skipBlanks(text, at + '</name>'.length);
  return text.startsWith('<value>', value) ? value + '<value>'.length : undefined;
}

/** `--token abc`. */
function readArgument(text: string, start: number): Span | undefined {
  return text[start] === '-' || text[start] === undefined ? undefined : until(text, start, /\s/g);
}

/** `name: value` at the end of a line, or in front of what ends a value: a sentence goes on with another word. */
function readPlain(text: string, start: number, colon: number): Span | undefined {
  if (start !== colon + 2) return undefined;
  const span = until(text, start, /[\s,;"'})\]]/g);
  return /^[^\S\n]*(?:$|[\n,;})\]])/.test(text.slice(span.end, span.end + 80)) ? span : undefined;
}

/** Up to the mark that closes; two in a row, or one behind a backslash, are text. A cut value ends with its line. */
function readQuoted(text: string, open: number, quote: string): Span {
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

/** In their order, the longer one first, and none in another. */
function findShown(text: string): readonly Span[] {
  const spans = SHOWN.flatMap((pattern) =>
    [...text.matchAll(pattern)].map((match) => {
      const end = match.index + match[0].length;
      return { start: end - (match[1] ?? match[0]).length, end };
    }),
  ).sort((a, b) => a.start - b.start || b.end - a.end);
  let reached = 0;
  return spans.filter(({ start, end }) => {
    if (start < reached || text.startsWith(HIDDEN, start)) return false;
    reached = end;
    return true;
  });
}

function replaceOwn({ text, count }: Redaction, regex: Regex): Redaction {
  let replaced = 0;
  regex.lastIndex = 0;
  const result = text.replace(regex, () => {
    replaced += 1;
    return HIDDEN;
  });
  return { text: result, count: count + replaced };
}
