// Which names mark a secret, in one list: options, fields of JSON, parameters of an address. From it come what the
// agent redacts (agent/record/redact.ts), what "config print", errors and the log of Jobtrace hide.

/** Words of a name whose value is a secret; a blank stands for `-`, `_`, `.` or nothing. */
const WORDS = [
  'password',
  'passwd',
  'passphrase',
  'pwd',
  'secret',
  'token',
  'api key',
  'access key',
  'account key',
  'shared key',
  'private key',
  'credential',
  'auth user info',
  'encryption key',
  'signing key',
] as const;

/** Parameters of an address whose value is a secret; some are too short or too common to mark an option. */
const PARAMETERS = [
  'access_token',
  'token',
  'key',
  'sign',
  'sig',
  'signature',
  'secret',
  'client_secret',
  'api_?key',
  'password',
  'passwd',
  'pwd',
  'x-amz-signature',
  'x-amz-security-token',
  'x-amz-credential',
] as const;

const MARKS = ['', '-', '_', '.'];

/** Sources of patterns. */
export const SECRET_WORDS = WORDS.map((word) => word.replaceAll(' ', '[-_.]?')).join('|');
/** The same words as plain texts, in each form. */
export const SECRET_TEXTS: readonly string[] = WORDS.flatMap((word) =>
  word
    .split(' ')
    .reduce<string[]>(
      (begun, part) => (begun.length === 0 ? [part] : begun.flatMap((text) => MARKS.map((mark) => text + mark + part))),
      [],
    ),
);
export const SECRET_PARAMETERS = PARAMETERS.join('|');

/** Fields of a line of Jobtrace's own log. */
export const SECRET_FIELDS: readonly string[] = WORDS.map((word) =>
  word.replace(/ (.)/g, (_, letter: string) => letter.toUpperCase()),
);

/** A whole name: the word stands in its last part, or in the one before `value` or `key`. */
const NAME = new RegExp(String.raw`^[\w.$-]*?(?:${SECRET_WORDS})[\w$-]*(?:\.(?:value|key))?$`, 'i');

const SCHEME = String.raw`(?<![a-z0-9+.-])[a-z][a-z0-9+.-]*:\/\/`;
const USER = new RegExp(String.raw`(${SCHEME})[^\s/@:?#]*:[^\s/@]+@`, 'gi');
const PARAMETER = new RegExp(String.raw`([?&](?:${SECRET_PARAMETERS})=)[^&\s"'<>]+`, 'gi');

/** A longer run of name characters is no name; the pattern takes time by the square of the length. */
export const MOST_NAME_UNITS = 400;

export function isSecretName(name: string): boolean {
  return name.length <= MOST_NAME_UNITS && NAME.test(name);
}

/** Hides user:password@, secret parameters of addresses and authorization headers. */
export function hideSecrets(text: string): string {
  return text
    .replace(USER, '$1***@')
    .replace(PARAMETER, '$1***')
    .replace(/\b(Bearer|ApiKey|Basic)\s{1,20}[\w+/=.:-]+/g, '$1 ***');
}

/** One address as somebody wrote it: what stands in front of its last `@` is hidden, valid or not. */
export function hideAddress(address: string): string {
  const scheme = address.indexOf('://');
  const start = scheme === -1 ? 0 : scheme + '://'.length;
  const end = address.lastIndexOf('@');
  const isUser = end > start && (scheme !== -1 || /^[^/\s@]+:/.test(address));
  return hideSecrets(isUser ? `${address.slice(0, start)}***${address.slice(end)}` : address);
}
