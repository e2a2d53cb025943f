// Lists the names that mark a secret: options, JSON fields and address parameters. The agent redacts by this list
// (agent/record/redact.ts), and "config print", errors and the log of Jobtrace hide values by it.

/** Words in a name whose value is a secret. A blank matches `-`, `_`, `.` or nothing. */
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

/** Parameters of an address whose value is a secret. Some are too short or too common to mark an option. */
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

const SEPARATORS = ['', '-', '_', '.'];

/** Source text of a pattern that matches the words. */
export const SECRET_WORDS = WORDS.map((word) => word.replaceAll(' ', '[-_.]?')).join('|');
/** Plain texts of the same words, in each spelling. */
export const SECRET_TEXTS: readonly string[] = WORDS.flatMap((word) =>
  word
    .split(' ')
    .reduce<string[]>(
      (begun, part) =>
        begun.length === 0 ? [part] : begun.flatMap((text) => SEPARATORS.map((separator) => text + separator + part)),
      [],
    ),
);
export const SECRET_PARAMETERS = PARAMETERS.join('|');

/** Fields of Jobtrace's own log. */
export const SECRET_FIELDS: readonly string[] = WORDS.map((word) =>
  word.replace(/ (.)/g, (_, letter: string) => letter.toUpperCase()),
);

/** Pattern of a whole name. The word is in its last part, or in the part before `value` or `key`. */
const NAME = new RegExp(String.raw`^[\w.$-]*?(?:${SECRET_WORDS})[\w$-]*(?:\.(?:value|key))?$`, 'i');

const SCHEME = String.raw`(?<![a-z0-9+.-])[a-z][a-z0-9+.-]*:\/\/`;
const USER = new RegExp(String.raw`(${SCHEME})[^\s/@:?#]*:[^\s/@]+@`, 'gi');
const PARAMETER = new RegExp(String.raw`([?&](?:${SECRET_PARAMETERS})=)[^&\s"'<>]+`, 'gi');

/**
 * Longest name, in characters, that is checked. A longer one is no name, and the pattern takes time by the square of
 * the length.
 */
export const MAX_NAME_UNITS = 400;

export function isSecretName(name: string): boolean {
  return name.length <= MAX_NAME_UNITS && NAME.test(name);
}

/** Hides user:password@, secret parameters of addresses and authorization headers. */
export function hideSecrets(text: string): string {
  return text
    .replace(USER, '$1***@')
    .replace(PARAMETER, '$1***')
    .replace(/\b(Bearer|ApiKey|Basic)\s{1,20}[\w+/=.:-]+/g, '$1 ***');
}

/** Hides the part before the last `@` of one address, valid or not, as a person wrote it. */
export function hideAddress(address: string): string {
  const scheme = address.indexOf('://');
  const start = scheme === -1 ? 0 : scheme + '://'.length;
  const end = address.lastIndexOf('@');
  const isUser = end > start && (scheme !== -1 || /^[^/\s@]+:/.test(address));
  return hideSecrets(isUser ? `${address.slice(0, start)}***${address.slice(end)}` : address);
}
