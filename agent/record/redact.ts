// Text of an entry → the same text with passwords, tokens and keys replaced by ***, before anything leaves the node.
// Covers values of names (named.ts), addresses (`jdbc:mysql://u:p@host`, `?sig=…`), authorization headers, sentences of
// SQL and Chinese, cloud keys and PEM blocks. Called by parse.ts.
//
// The time that a text takes grows with its length alone, whatever stands in it: a value that is hidden is not looked
// at again, and a pattern begins only once in what it walks over.
import { createRegex, type Regex } from '../../core/regex.js';
import { SECRET_PARAMETERS, SECRET_TEXTS } from '../../core/text/secrets.js';
import { findNamed, NAME_WORDS, type Span } from './named.js';

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

const HIDDEN = '***';
const BLANK = 32;
const HASH = 35;
const SLASH = 47;
const COLON = 58;
const QUESTION = 63;
const AT = 64;

const CHINESE_WORDS = '密码|口令|令牌|密钥|秘钥';

/** Nothing can be redacted in a text without one of these; most entries end here. */
const HINT = new RegExp(
  String.raw`${NAME_WORDS}|authorization|bearer\s|cookie|:\/\/[^\s/@:?#]*:[^\s/]+@|jdbc:oracle:|[?&](?:sig|signature|sign|key|x-amz-[a-z-]+)=|signature=|identified\s|\s-u\s|--user|AKIA|ASIA|LTAI|AKID|AIza|ya29\.|-----BEGIN|eyJ|${CHINESE_WORDS}`,
  'i',
);

/** Stands in many entries that have no user in an address; holdsUser tells. */
export const ADDRESS_HINT = '://';

/** Every text of ASCII with HINT in it holds one of these, whatever the case of its letters. */
export const SECRET_HINTS: readonly string[] = [
  ...SECRET_TEXTS,
  ...['?', '&'].flatMap((mark) => ['sig=', 'sign=', 'key=', 'x-amz-'].map((name) => `${mark}${name}`)),
  ...[
    'pass',
    'azure.sas.',
    'authorization',
    'bearer',
    'cookie',
    ADDRESS_HINT,
    'jdbc:oracle:',
    'signature=',
    'identified',
  ],
  ...[' -u ', '--user', 'akia', 'asia', 'ltai', 'akid', 'aiza', 'ya29.', '-----begin', 'eyj'],
];

interface Shown {
  /** One of these stands in each text that it matches, in small letters. */
  readonly needs: readonly string[];
  readonly pattern: RegExp;
}

/** Values that show themselves: the group at the end of a match, or all of it. */
const SHOWN: readonly Shown[] = [
  {
    needs: ['authorization'],
    pattern:
      /\b(?:proxy-)?authorization["']?\s{0,20}[:=]\s{0,20}["'[]{0,2}((?:bearer|basic|apikey|digest|negotiate|token)\s{1,20}[^\s"',;\]]+|[^\s"',;\]]{8,})/gi,
  },
  { needs: ['bearer'], pattern: /\bbearer\s{1,20}([\w+/=.~-]{8,})/gi },
  {
    needs: ['cookie'],
    pattern: /\b(?:set-)?cookie["']?\s{0,20}[:=]\s{0,20}["'[]{0,2}([\w.-]{1,100}=[^\n"'\]]+)/gi,
  },
  { needs: ['?', '&'], pattern: new RegExp(String.raw`[?&](?:${SECRET_PARAMETERS})=([^&\s"'<>]+)`, 'gi') },
  // A name, its sign and its value as an address or a page spells them.
  {
    needs: ['%3a', '%3d'],
    pattern: new RegExp(String.raw`(?:${NAME_WORDS})[\w.-]{0,40}(?:%22)?%3[ad](?:%22|%20|\+)?([^\s&"'<>%]+)`, 'gi'),
  },
  {
    needs: ['&quot;'],
    pattern: new RegExp(String.raw`(?:${NAME_WORDS})[\w.-]{0,40}&quot;\s{0,20}[:=]\s{0,20}&quot;([^&\s]+)`, 'gi'),
  },
  // `scheme://user:` in front of a password, in which an @ may stand.
  { needs: [ADDRESS_HINT], pattern: /(?<![a-z0-9+.-])[a-z][a-z0-9+.-]*:\/\/[^\s/@:?#]*:([^\s/]+)(?=@)/gi },
  { needs: ['jdbc:oracle:'], pattern: /jdbc:oracle:[a-z0-9]{1,10}:[\w$#]{1,60}\/([^\s@"']{1,200})(?=@)/gi },
  { needs: ['-u'], pattern: /(?<=\s)(?:-u|--user)[ =]["']?[^\s:"']{1,100}:(?!\d+(?:\s|$))([^\s"']+)/g },
  { needs: ['signature='], pattern: /\bsignature=([\w+/%=-]{16,})/gi },
  { needs: ["'"], pattern: /\b(?:identified\s{1,20}by|password)\s{1,20}'([^'\n]+)/gi },
  { needs: ['identified'], pattern: /\bidentified\s{1,20}by\s{1,20}"([^"\n]+)/gi },
  {
    needs: CHINESE_WORDS.split('|'),
    pattern: new RegExp(
      String.raw`(?:${CHINESE_WORDS})["'”’]?\s{0,20}(?:[:：=＝]|为|是)\s{0,20}["'“‘]?(?!null|none|\*)([!-+\x2d-:<-~]+)`,
      'gi',
    ),
  },
  { needs: ['akia', 'asia'], pattern: /\b(?:AKIA|ASIA)[A-Z0-9]{16}\b/g },
  {
    needs: ['ltai', 'akid', 'aiza', 'ya29.'],
    pattern: /\b(?:LTAI[A-Za-z0-9]{12,26}|AKID[A-Za-z0-9]{13,40}|AIza[\w-]{35}|ya29\.[\w.-]{20,})/g,
  },
  { needs: ['eyj'], pattern: /(?<![\w-])eyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]*/g },
];
const BLOCK_BEGIN = /-----BEGIN [A-Z ]{0,40}PRIVATE KEY(?: BLOCK)?-----/g;
const BLOCK_END = /-----END [A-Z ]{0,40}PRIVATE KEY(?: BLOCK)?-----/g;

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

/** As HINT asks of an address, of the bytes of ASCII from `start` up to `end`: a user, a colon and a password. */
export function holdsUser(bytes: Uint8Array, start: number, end: number): boolean {
  for (let at = start; at < end; at += 1) {
    if (bytes[at] !== COLON || bytes[at + 1] !== SLASH || bytes[at + 2] !== SLASH) continue;
    at += 3;
    while (at < end && !endsUser(bytes[at] ?? 0)) at += 1;
    if (at >= end || bytes[at] !== COLON) continue;
    for (let next = at + 1; next < end && (bytes[next] ?? 0) > BLANK && bytes[next] !== SLASH; next += 1)
      if (bytes[next] === AT && next > at + 1) return true;
    // An address may begin where this one's user ends.
    at -= 1;
  }
  return false;
}

function endsUser(byte: number): boolean {
  return byte <= BLANK || byte === SLASH || byte === AT || byte === COLON || byte === QUESTION || byte === HASH;
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

/** In their order, the longer one first, and none in another. */
function findShown(text: string): readonly Span[] {
  const small = text.toLowerCase();
  const spans = SHOWN.flatMap(({ needs, pattern }) =>
    needs.some((need) => small.includes(need)) ? findValues(text, pattern) : [],
  ).sort((a, b) => a.start - b.start || b.end - a.end);
  let reached = 0;
  return spans.filter(({ start, end }) => {
    if (start < reached || text.startsWith(HIDDEN, start)) return false;
    reached = end;
    return true;
  });
}

function findValues(text: string, pattern: RegExp): readonly Span[] {
  return [...text.matchAll(pattern)].map((match) => {
    const end = match.index + match[0].length;
    return { start: end - (match[1] ?? match[0]).length, end };
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
