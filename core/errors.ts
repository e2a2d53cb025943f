// Defines every error that a user can meet: what happened, what to do, and how the error leaves the program.
// createError is the only way to make one. Codes are never renamed or reused; docs/errors.md lists them (a test
// compares). A bug is a plain Error and reaches the top level.
import { hideSecrets } from './text/secrets.js';

interface ErrorRow {
  readonly message: string;
  readonly fix: string;
  readonly httpStatus: number;
  /** Exit code of the command line: 2 usage or rule, 3 input, 4 server. */
  readonly exitCode: 2 | 3 | 4;
  readonly retryable: boolean;
}

function row(message: string, fix: string, httpStatus: number, exitCode: 2 | 3 | 4, retryable = false): ErrorRow {
  return { message, fix, httpStatus, exitCode, retryable };
}

export const ERRORS = {
  JT_USAGE: row('{problem}', 'Run "jobtrace {command} --help" to see what it takes.', 400, 2),
  JT_CONFIG_NOT_FOUND: row(
    'The settings file {path} cannot be read: {problem}.',
    'Give the path of an existing file with --config, or leave --config out.',
    500,
    2,
  ),
  JT_CONFIG_INVALID: row(
    'The settings are not valid:\n{problems}',
    'Correct these places; docs/config.md lists every setting.',
    500,
    2,
  ),
  JT_CONFIG_SECRET_TWICE: row('The secret "{name}" is given more than once ({places}).', 'Keep one of them.', 500, 2),
  JT_RULE_INVALID: row(
    'The rules are not valid:\n{problems}',
    'Correct these places; rules/README.md explains the format.',
    400,
    2,
  ),
  JT_RULE_NOT_FOUND: row('There is no rule "{id}"{hint}.', 'Run "jobtrace rules list" to see them.', 404, 2),
  JT_PATTERN_UNSUPPORTED: row(
    'The pattern {pattern} cannot be used: {problem}.',
    'RE2 syntax is described in rules/README.md.',
    400,
    2,
  ),
  JT_FILE_UNREADABLE: row(
    '{path} cannot be read: {problem}.',
    'Check the path and the permissions of the user that runs Jobtrace.',
    400,
    3,
  ),
  JT_DATA_MISSING: row(
    'There is no Jobtrace data in {path}.',
    'Give the folder of a service with --data (what "jobtrace up" was given, or dataDir of its settings), or the address of its Elasticsearch with --store.',
    404,
    3,
  ),
  JT_ARCHIVE_INVALID: row(
    'The archive {path} cannot be read: {problem}.',
    'Unpack it yourself and give the folder.',
    400,
    3,
  ),
  JT_MODULE_UNUSABLE: row(
    'The module {module} cannot be used with Node.js {node}: {problem}.',
    'Run "npm rebuild {module}" with this Node.js in the folder where Jobtrace is installed (docs/install.md).',
    500,
    4,
  ),
  JT_DISK_FULL: row(
    '{path} cannot be written: no space is left.',
    'Free some space; Jobtrace goes on by itself.',
    507,
    4,
    true,
  ),
  JT_FILE_UNWRITABLE: row(
    '{path} cannot be written: {problem}.',
    'Check the folder and the permissions of the user that runs Jobtrace.',
    500,
    4,
  ),
  JT_AGENT_LOCKED: row(
    'Another agent (process {pid}) uses the folder {path}.',
    'Stop it, or give this one another folder with --data.',
    500,
    2,
  ),
  JT_STORE_UNREACHABLE: row(
    'The store at {url} cannot be reached: {problem}.',
    'Check that it runs and that the address is right; Jobtrace tries again by itself.',
    503,
    4,
    true,
  ),
  JT_STORE_DENIED: row(
    'The store at {url} refuses the request: {problem}.',
    'Check the user, the API key and its rights (docs/elasticsearch.md).',
    502,
    4,
    true,
  ),
  JT_STORE_REFUSED: row(
    'The store at {url} refused: {problem}.',
    'This is a defect or a changed index template: see docs/elasticsearch.md.',
    502,
    4,
  ),
  JT_STORE_FULL: row(
    'The store at {url} has no room: {problem}.',
    'Free space on its data nodes, add a node, or keep records for fewer days (store.retentionDays); Elasticsearch then lifts the block by itself, and Jobtrace goes on (docs/elasticsearch.md).',
    507,
    4,
    true,
  ),
  JT_STORE_TOO_NEW: row(
    'The data in {path} was written by a newer Jobtrace (schema {found}, this one knows {known}).',
    'Use the newer version, or another folder with --data.',
    500,
    4,
  ),
  JT_STORE_UNUSABLE: row('The store at {url} cannot be used: {problem}.', '{advice}', 500, 4),
  JT_QUERY_INVALID: row('The query is not valid at character {position}: {problem}.', '{advice}', 400, 2),
  JT_ALERT_REFUSED: row('The receiver "{receiver}" refused the message: {problem}.', '{advice}', 502, 4),
  JT_ALERT_UNREACHABLE: row(
    'The receiver "{receiver}" cannot be reached: {problem}.',
    'Check its address; the message is kept and sent again.',
    502,
    4,
    true,
  ),
  JT_RECEIVER_DEFECT: row(
    'Sending to the receiver "{receiver}" failed inside Jobtrace: {problem}.',
    'Please report it with the lines of the log; the other receivers get their messages, and this one is tried three times.',
    500,
    4,
  ),
  JT_REQUEST_INVALID: row('The request is not valid: {problems}.', 'The API is described at /docs.', 400, 4),
  JT_REQUEST_TOO_LARGE: row(
    'The request is too large: at most {maxBytes} bytes are taken.',
    'Send less at once; a whole log is diagnosed by "jobtrace diagnose FILE".',
    413,
    4,
  ),
  JT_BUSY: row(
    'Too many requests of this kind at once: at most {max} are answered{scope}.',
    'Try again after the seconds that Retry-After names.',
    429,
    4,
    true,
  ),
  JT_SEARCH_STOPPED: row(
    'The search was stopped: {problem}.',
    'Search a shorter time, name a job or a cluster, or write words instead of patterns that begin with a star.',
    422,
    4,
  ),
  JT_SEARCH_TOO_DEAR: row(
    'The search would read too much: {count} of its patterns ({patterns}) must be held against every word in the store.',
    'Use fewer patterns, with at least {letters} letters in a row each, or patterns that end with a star (check*).',
    422,
    4,
  ),
  JT_REQUEST_SLOW: row(
    'The body of the request came too slowly: after {seconds} s less than 32 KiB a second had arrived.',
    'Send it again; pack a long log (gzip) where the network is slow.',
    408,
    4,
    true,
  ),
  JT_ENCODING_UNSUPPORTED: row(
    'A body with "Content-Encoding: {encoding}" cannot be read; known are: {known}.',
    'Send the body as it is, or packed in a known way.',
    415,
    4,
  ),
  JT_DIAGNOSE_STOPPED: row(
    'The diagnosis of this log was stopped: {problem}.',
    'Send a part of it (its errors and what stands before them), or run "jobtrace diagnose FILE".',
    503,
    4,
  ),
  JT_ORIGIN_REFUSED: row(
    'Requests from pages of {origin} are not answered.',
    'Open the page of Jobtrace itself, or add the host name to api.allowedHosts.',
    403,
    4,
  ),
  JT_HOST_REFUSED: row(
    'Requests for the host name "{host}" are not answered while the API is open without tokens.',
    'Use the address 127.0.0.1 or localhost, add the name to api.allowedHosts, or set tokens (api.tokens).',
    403,
    4,
  ),
  JT_DEFECT: row(
    'This is a defect in Jobtrace: the request could not be answered.',
    'Please report it with the lines that the log of Jobtrace has at this time.',
    500,
    4,
  ),
  JT_UNAUTHORIZED: row(
    'This address needs a token or a sign-in{problem}.',
    'Send "Authorization: Bearer TOKEN" with a token (jobtrace tokens create, or api.tokens), or sign in on the page.',
    401,
    4,
  ),
  JT_SIGNIN_WRONG: row(
    'The name or the password is wrong.',
    'Try again; an administrator gives another password with "jobtrace users add NAME".',
    401,
    4,
  ),
  JT_PROVIDER_FAILED: row(
    'The provider could not say who signs in: {problem}.',
    'Try again; if it stays, compare api.oidc with what the provider has of this client (docs/access.md).',
    502,
    4,
    true,
  ),
  JT_SIGNIN_PAUSED: row(
    'Too many wrong passwords: the next one is taken in {seconds} s.',
    'Wait so long, then try again; a browser that has signed in before need not wait because of others.',
    429,
    4,
    true,
  ),
  JT_FORBIDDEN: row(
    'You may not do this: {problem}.',
    'Ask an administrator for a token, or a user, with the role that it needs.',
    403,
    4,
  ),
  JT_NOT_FOUND: row('{what} was not found.', 'It may have been deleted by retention; check the address.', 404, 4),
  JT_METHOD_REFUSED: row('{path} does not answer {method}.', 'Send a POST; docs/assistants.md has an example.', 405, 4),
  JT_PORT_IN_USE: row(
    'The address {address} is already in use.',
    'Stop the other program, or choose another with --listen HOST:PORT (port 0 takes a free one).',
    500,
    2,
  ),
} as const satisfies Record<string, ErrorRow>;

export type ErrorCode = keyof typeof ERRORS;

export class JobtraceError extends Error {
  override readonly name = 'JobtraceError';
  constructor(
    readonly code: ErrorCode,
    message: string,
    readonly fix: string,
    readonly details: Readonly<Record<string, string | number>>,
    options?: { readonly cause?: unknown },
  ) {
    super(message, options);
  }
  get retryable(): boolean {
    return ERRORS[this.code].retryable;
  }
  get httpStatus(): number {
    return ERRORS[this.code].httpStatus;
  }
  get exitCode(): 2 | 3 | 4 {
    return ERRORS[this.code].exitCode;
  }
}

/**
 * Creates an error and fills the row's message and fix with the values. Secrets in addresses are hidden here, for all
 * uses.
 */
export function createError(
  code: ErrorCode,
  values: Readonly<Record<string, string | number>>,
  cause?: unknown,
): JobtraceError {
  const { message, fix } = ERRORS[code];
  const safe = Object.fromEntries(
    Object.entries(values).map(([key, value]) => [key, typeof value === 'string' ? hideSecrets(value) : value]),
  );
  return new JobtraceError(
    code,
    fillText(message, safe),
    fillText(fix, safe),
    safe,
    cause === undefined ? undefined : { cause },
  );
}

/** Replaces each `{name}` by the value of that name. */
export function fillText(template: string, values: Readonly<Record<string, string | number>>): string {
  return template.replace(/\{(\w+)\}/g, (slot, name: string) => String(values[name] ?? slot));
}
