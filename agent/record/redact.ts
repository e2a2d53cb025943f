// Text of an entry → the same text with passwords, tokens and keys replaced by ***, before anything leaves the node.
// Covers options (`s3.secret-key: abc`, `"password":"abc"`, `-Dx.password=abc`), SQL (`'password' = 'abc'`),
// addresses (`jdbc:mysql://u:p@host`, `?sig=…`), authorization headers, cloud keys and PEM blocks. Called by parse.ts.
import { createRegex, type Regex } from '../../core/regex.js';

export interface Redaction {
  readonly text: string;
  readonly count: number;
}

/** Text in, the redacted text and the number of replaced spans out. */
export type Redactor = (text: string) => Redaction;

/** Nothing can be redacted in a text without one of these; most entries end here. */
const HINT =
  /passw|secret|token|api[-_. ]?key|access[-_. ]?key|account[-_. ]?key|shared[-_. ]?key|private[-_. ]?key|credential|authorization|passphrase|bearer |:\/\/[^\s/@]*@|[?&](?:sig|signature|x-amz-[a-z-]+)=|AKIA|ASIA|-----BEGIN|eyJ/i;

// Bounded on both sides, so that a long run of such characters costs no more than its length.
const NAME = String.raw`[\w.$-]{0,200}(?:password|passwd|passphrase|secret|token|api[-_.]?key|access[-_.]?key(?:[-_.]?id)?|account[-_.]?key(?:\.[\w.-]{1,200})?|shared[-_.]?key|private[-_.]?key|credentials?)[\w$-]{0,100}(?:\.(?:value|key))?`;

interface RedactRow {
  readonly pattern: RegExp;
  readonly replacement: string;
}

/** In this order: whole blocks first, then names with values, then values that show themselves. */
const ROWS: readonly RedactRow[] = [
  {
    pattern: /(-----BEGIN [A-Z ]*PRIVATE KEY-----)[\s\S]{0,20000}?(-----END [A-Z ]*PRIVATE KEY-----|$)/g,
    replacement: '$1***$2',
  },
  {
    pattern:
      /\b((?:proxy-)?authorization["']?\s*[:=]\s*["']?)(?:(?:bearer|basic|apikey|digest|negotiate)\s+)?[^\s"',;]+/gi,
    replacement: '$1***',
  },
  { pattern: /\b(bearer\s+)[\w+/=.~-]{8,}/gi, replacement: '$1***' },
  { pattern: /(?<![a-z0-9+.-])([a-z][a-z0-9+.-]*:\/\/[^\s/@:?#]*:)[^\s/@]+@/gi, replacement: '$1***@' },
  {
    pattern:
      /([?&](?:access_token|token|key|sign|sig|signature|secret|api_?key|password|passwd|x-amz-signature|x-amz-security-token|x-amz-credential)=)[^&\s"']+/gi,
    replacement: '$1***',
  },
  {
    pattern: new RegExp(String.raw`(["'](?:${NAME})["']\s*[:=]\s*)(["'])(?:(?!\2)[^\\\n]|\\.|\2\2)*\2`, 'gi'),
    replacement: '$1$2***$2',
  },
  {
    pattern: new RegExp(
      String.raw`((?:^|[\s,;{(\[<"'&]|-D|--)(?:${NAME})\s*(?:=>|[:=])\s*)(["'])(?:(?!\2)[^\\\n]|\\.|\2\2)*\2`,
      'gim',
    ),
    replacement: '$1$2***$2',
  },
  {
    pattern: new RegExp(
      String.raw`((?:^|[\s,;{(\[<"'&]|-D|--)(?:${NAME})\s*(?:=>|=)\s*)(?!\*\*\*)[^\s,;"'&})\]]+`,
      'gim',
    ),
    replacement: '$1***',
  },
  {
    pattern: new RegExp(
      String.raw`((?:^|[\s,;{(\[<"'&]|-D|--)(?:${NAME}):\s)(?!\*\*\*)(?!["'])[^\s,;"'})\]]+(?=\s*(?:$|[,;})\]]))`,
      'gim',
    ),
    replacement: '$1***',
  },
  { pattern: new RegExp(String.raw`(configuration property: (?:${NAME}), )(?!\*\*\*)\S+`, 'gi'), replacement: '$1***' },
  { pattern: /(--(?:password|token|secret|api-key)\s+)(?!\*\*\*)[^\s-][^\s]*/gi, replacement: '$1***' },
  { pattern: /\b(?:AKIA|ASIA)[A-Z0-9]{16}\b/g, replacement: '***' },
  { pattern: /\beyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]*/g, replacement: '***' },
];

/** `patterns` are the operator's own, in RE2. Throws JT_PATTERN_UNSUPPORTED. */
export function createRedactor(patterns: readonly string[] = []): Redactor {
  const own = patterns.map((pattern) => createRegex(pattern, 'gu'));
  return (text) => {
    let result: Redaction = { text, count: 0 };
    if (HINT.test(text)) for (const row of ROWS) result = replaceAll(result, row);
    for (const regex of own) result = replaceOwn(result, regex);
    return result;
  };
}

function replaceAll({ text, count }: Redaction, { pattern, replacement }: RedactRow): Redaction {
  const found = text.match(pattern);
  return found === null ? { text, count } : { text: text.replace(pattern, replacement), count: count + found.length };
}

function replaceOwn({ text, count }: Redaction, regex: Regex): Redaction {
  let replaced = 0;
  regex.lastIndex = 0;
  const result = text.replace(regex, () => {
    replaced += 1;
    return '***';
  });
  return { text: result, count: count + replaced };
}
