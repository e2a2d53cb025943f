// Replaces passwords, tokens and keys in the text of an entry by ***, before anything leaves the node. Covers values of
// names (named.ts), addresses (`jdbc:mysql://u:p@host`, `?sig=…`), authorization headers, sentences of SQL and Chinese,
// cloud keys and PEM blocks.
//
// The time for a text grows with its length alone, whatever its content: a value that is hidden is not searched again,
// and a pattern begins only once in what it walks over.
import { createRegex, quoteRegex, type Regex } from '../../core/regex.js';
import { SECRET_PARAMETERS, SECRET_TEXTS } from '../../core/text/secrets.js';
import { findNamed, NAME_WORDS, type Span } from './named.js';
import { KNOWN_TOKENS } from './tokens.js';

export interface Redaction {
  readonly text: string;
  readonly count: number;
}

/** Redacts a text. Returns the redacted text and the number of replaced spans. */
export interface Redactor {
  (text: string): Redaction;
  /** True if the operator added patterns: any text may hold what they hide. */
  readonly hasOwnPatterns: boolean;
}

const HIDDEN = '***';
const BLANK = 32;
const HASH = 35;
const SLASH = 47;
const COLON = 58;
const QUESTION = 63;
const AT = 64;

const MAX_WITH_SLASH = 200;

const CHINESE_WORDS = '密码|口令|令牌|密钥|秘钥';

/** Names in a registry's file, and words of a sentence or of a command line with a password in it. */
const OTHER_HINTS = [
  '"auth',
  'dockerconfigjson',
  'mysql -',
  'mysqldump',
  'mysqladmin',
  'mariadb -',
  'sshpass',
  'redis-cli',
];

/** Pattern without which nothing can be redacted in a text. Most entries end here. */
const HINT = new RegExp(
  String.raw`${NAME_WORDS}|authorization|bearer\s|cookie|:\/\/[^\s/@:?#]*:(?:[^\s/]+|\S{1,200})@|jdbc:oracle:|[?&](?:sig|signature|sign|key|x-amz-[a-z-]+)=|signature=|identified\s|\s-u\s|--user|-----BEGIN|${CHINESE_WORDS}`,
  'i',
);
const HINT_TEXTS = [...OTHER_HINTS, ...KNOWN_TOKENS.flatMap(({ hints }) => hints)];
const TEXT_HINT = new RegExp(HINT_TEXTS.map(quoteRegex).join('|'), 'i');

/** Characters that a terminal or an editor does not show. Within a name, they hide the name. */
// eslint-disable-next-line no-control-regex -- colours are control characters
const UNSEEN = /\u001b\[[0-9;]{0,20}[A-Za-z]|[\u00ad\u200b-\u200f\u2028-\u202e\u2060-\u2064\ufeff]/g;
// eslint-disable-next-line no-control-regex -- as above
const MAY_HIDE = /[\u001b\u00ad\u200b-\u200f\u2028-\u202e\u2060-\u2064\ufeff]/;

/** Text of all addresses. Many entries have an address without a user in it, so holdsUser decides. */
export const ADDRESS_HINT = '://';

/** Texts of which one is in every ASCII text that matches HINT, whatever the case of its letters. */
export const SECRET_HINTS: readonly string[] = [
  ...SECRET_TEXTS,
  ...['?', '&'].flatMap((separator) => ['sig=', 'sign=', 'key=', 'x-amz-'].map((name) => `${separator}${name}`)),
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
  ...[' -u ', '--user', '-----begin'],
  ...HINT_TEXTS,
];

interface Shown {
  /** Lower-case texts of which one is in each text that the pattern matches. */
  readonly needs: readonly string[];
  readonly pattern: RegExp;
}

/** Patterns of values that are recognised without a name: the group at the end of a match, or all of it. */
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
  // Name, sign and value as an address or a page encodes them.
  {
    needs: ['%3a', '%3d'],
    pattern: new RegExp(String.raw`(?:${NAME_WORDS})[\w.-]{0,40}(?:%22)?%3[ad](?:%22|%20|\+)?([^\s&"'<>%]+)`, 'gi'),
  },
  {
    needs: ['&quot;'],
    pattern: new RegExp(String.raw`(?:${NAME_WORDS})[\w.-]{0,40}&quot;\s{0,20}[:=]\s{0,20}&quot;([^&\s]+)`, 'gi'),
  },
  // `scheme://user:` before a password, which may contain an @.
  { needs: [ADDRESS_HINT], pattern: /(?<![a-z0-9+.-])[a-z][a-z0-9+.-]*:\/\/[^\s/@:?#]*:([^\s/]+)(?=@)/gi },
  { needs: ['jdbc:oracle:'], pattern: /jdbc:oracle:[a-z0-9]{1,10}:[\w$#]{1,60}\/([^\s@"']{1,200})(?=@)/gi },
  { needs: ['-u'], pattern: /(?<=\s)(?:-u|--user)[ =]["']?[^\s:"']{1,100}:(?!\d+(?:\s|$))([^\s"']+)/g },
  { needs: ['signature='], pattern: /\bsignature=([\w+/%=-]{16,})/gi },
  { needs: ["'"], pattern: /\b(?:identified\s{1,20}by|password)\s{1,20}'([^'\n]+)/gi },
  { needs: ['identified'], pattern: /\bidentified\s{1,20}by\s{1,20}"([^"\n]+)/gi },
  {
    needs: CHINESE_WORDS.split('|'),
    pattern: new RegExp(
      String.raw`(?:${CHINESE_WORDS})["'”’]?\s{0,20}(?:(?:为|是)[:：=＝]?|[:：=＝])\s{0,20}["'“‘]?(?!null|none|\*)([!-+\x2d-:<-~]+)`,
      'gi',
    ),
  },
  // Password with a slash in an address; digits alone are a port.
  {
    needs: [ADDRESS_HINT],
    pattern:
      /(?<![a-z0-9+.-])[a-z][a-z0-9+.-]*:\/\/[^\s/@:?#]*:(?!\d{1,5}[/?#])([^\s"'<>@]{1,200})(?=@[\w.-]+(?:[:/?#,;\s"')\]>]|$))/gi,
  },
  // Command lines.
  {
    needs: ['mysql', 'mariadb'],
    pattern: /\b(?:mysql|mariadb)[^\n]{0,220}?\s-p([^\s"'-][^\s"']{2,200})/gi,
  },
  { needs: ['sshpass'], pattern: /\bsshpass\s{1,5}-p\s{0,5}["']?([^\s"']{3,200})/gi },
  { needs: ['redis-cli'], pattern: /\bredis-cli\b[^\n]{0,200}?\s-a\s{1,5}["']?([^\s"']{3,200})/gi },
  // `password abc for user x`: an ordinary word is no password, so it must have a digit, punctuation or a capital
  // letter.
  {
    needs: [' for '],
    pattern:
      /\b(?:password|passwd|pwd|passphrase|secret)\s{1,5}["']?((?=[^\s"']{0,60}[^a-z\s"'])[^\s"']{4,200})["']?\s{1,5}for\s{1,5}(?:the\s)?(?:user|account|login|role|principal)\b/gi,
  },
  // Docker's and Kubernetes' files about registries.
  { needs: ['"auth'], pattern: /"auth\\{0,8}"\s{0,5}:\s{0,5}\\{0,8}"([\w+/=-]{8,})/gi },
  {
    needs: ['dockerconfigjson'],
    pattern: /dockerconfigjson\\{0,8}["']?\s{0,5}[:=]\s{0,5}\\{0,8}["']?([\w+/=-]{16,})/gi,
  },
  ...KNOWN_TOKENS.map(({ hints, pattern }) => ({ needs: hints, pattern: new RegExp(pattern, 'g') })),
];
const BLOCK_BEGIN = /-----BEGIN [A-Z ]{0,40}PRIVATE KEY(?: BLOCK)?-----/g;
const BLOCK_END = /-----END [A-Z ]{0,40}PRIVATE KEY(?: BLOCK)?-----/g;

/** Creates a redactor. `patterns` are the operator's own, in RE2. Throws JT_PATTERN_UNSUPPORTED. */
export function createRedactor(patterns: readonly string[] = []): Redactor {
  const own = patterns.map((pattern) => createRegex(pattern, 'gu'));
  const redact = (text: string): Redaction => {
    let result: Redaction = { text, count: 0 };
    if (mayHold(MAY_HIDE.test(text) ? text.replace(UNSEEN, '') : text))
      for (const find of [findBlocks, findNamed, findShown]) result = hide(result, findSeen(result.text, find));
    for (const regex of own) result = replaceOwn(result, regex);
    return result;
  };
  return Object.assign(redact, { hasOwnPatterns: own.length > 0 });
}

function mayHold(text: string): boolean {
  return HINT.test(text) || TEXT_HINT.test(text);
}

/** Runs `find` on the text without characters that are not shown, and maps the spans back. */
function findSeen(text: string, find: (text: string) => readonly Span[]): readonly Span[] {
  if (!MAY_HIDE.test(text)) return find(text);
  const seen = text.replace(UNSEEN, '');
  const gaps = [...text.matchAll(UNSEEN)].map((gap) => ({ at: gap.index, length: gap[0].length }));
  let index = 0;
  let shift = 0;
  const toWhole = (place: number): number => {
    for (let gap = gaps[index]; gap !== undefined && gap.at <= place + shift; gap = gaps[index]) {
      shift += gap.length;
      index += 1;
    }
    return place + shift;
  };
  return find(seen).map(({ start, end }) => ({ start: toWhole(start), end: toWhole(end - 1) + 1 }));
}

/**
 * Returns true if the ASCII bytes from `start` up to `end` hold an address as HINT describes it: with a user, a colon
 * and a password.
 */
export function holdsUser(bytes: Uint8Array, start: number, end: number): boolean {
  for (let at = start; at < end; at += 1) {
    if (bytes[at] !== COLON || bytes[at + 1] !== SLASH || bytes[at + 2] !== SLASH) continue;
    at += 3;
    while (at < end && !endsUser(bytes[at] ?? 0)) at += 1;
    if (at >= end || bytes[at] !== COLON) continue;
    let isFar = false;
    for (let next = at + 1; next < end && (bytes[next] ?? 0) > BLANK; next += 1) {
      isFar ||= bytes[next] === SLASH;
      // A password with a slash in it is short.
      if (isFar && next - at > MAX_WITH_SLASH + 1) break;
      if (bytes[next] === AT && next > at + 1) return true;
    }
    // Another address may begin where the user of this one ends.
    at -= 1;
  }
  return false;
}

function endsUser(byte: number): boolean {
  return byte <= BLANK || byte === SLASH || byte === AT || byte === COLON || byte === QUESTION || byte === HASH;
}

/** Hides spans, which must be ordered and must not be nested. */
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

/** Finds the text between the two lines of a private key; in a text that was cut, up to its end. */
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

/** Finds values that are recognised without a name, in order, the longer one first, none within another. */
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
