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
  JT_USAGE: row('{problem}', 'See "jobtrace {command} --help".', 400, 2),
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
  JT_RULE_NOT_FOUND: row('There is no rule "{id}"{hint}.', 'List them with "jobtrace rules list".', 404, 2),
  JT_RULES_FOLDER_MISSING: row(
    'No rules folder is configured.',
    'Set analyzer.rulesDirs, or start with --rules DIR.',
    409,
    2,
  ),
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
    'Set --data to the folder of a service (its dataDir, or the --data of "jobtrace up"), or --store to the address of its Elasticsearch.',
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
    '{path} cannot be written: no space left on device.',
    'Free disk space; Jobtrace resumes automatically.',
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
    'Check that it is running and that the address is correct; Jobtrace retries automatically.',
    503,
    4,
    true,
  ),
  JT_STORE_DENIED: row(
    'The store at {url} denied the request: {problem}.',
    'Check the user, the API key and its rights (docs/elasticsearch.md).',
    502,
    4,
    true,
  ),
  JT_STORE_REFUSED: row(
    'The store at {url} rejected the request: {problem}.',
    'This is a bug in Jobtrace or a modified index template: see docs/elasticsearch.md.',
    502,
    4,
  ),
  JT_STORE_FULL: row(
    'The store at {url} is full: {problem}.',
    'Free space on its data nodes, add a node, or keep records for fewer days (store.retentionDays); Elasticsearch then removes the block and Jobtrace resumes automatically (docs/elasticsearch.md).',
    507,
    4,
    true,
  ),
  JT_STORE_TOO_NEW: row(
    'The data in {path} was written by a newer Jobtrace (schema {found}, this version supports {known}).',
    'Use the newer version, or another folder with --data.',
    500,
    4,
  ),
  JT_STORE_UNUSABLE: row('The store at {url} cannot be used: {problem}.', '{advice}', 500, 4),
  JT_QUERY_INVALID: row('The query is not valid at character {position}: {problem}.', '{advice}', 400, 2),
  JT_ALERT_REFUSED: row('The receiver "{receiver}" rejected the message: {problem}.', '{advice}', 502, 4),
  JT_ALERT_UNREACHABLE: row(
    'The receiver "{receiver}" cannot be reached: {problem}.',
    'Check its address; the message is queued and retried.',
    502,
    4,
    true,
  ),
  JT_RECEIVER_DEFECT: row(
    'Sending to the receiver "{receiver}" failed inside Jobtrace: {problem}.',
    'This is a bug: please report it with the log lines. Other receivers are not affected; this one is tried three times.',
    500,
    4,
  ),
  JT_REQUEST_INVALID: row('The request is not valid: {problems}.', 'The API is described at /docs.', 400, 4),
  JT_REQUEST_TOO_LARGE: row(
    'The request is too large: the limit is {maxBytes} bytes.',
    'Send less data, or diagnose a whole log with "jobtrace diagnose FILE".',
    413,
    4,
  ),
  JT_BUSY: row(
    'Too many concurrent requests of this kind: the limit is {max}{scope}.',
    'Retry after the number of seconds in Retry-After.',
    429,
    4,
    true,
  ),
  JT_SEARCH_STOPPED: row(
    'The search was stopped: {problem}.',
    'Use a shorter time range, filter by job or cluster, or avoid patterns with a leading *.',
    422,
    4,
  ),
  JT_SEARCH_TOO_DEAR: row(
    'The search is too expensive: {count} of its patterns ({patterns}) must be compared with every word in the store.',
    'Use fewer patterns, patterns with at least {letters} consecutive letters, or prefix patterns (check*).',
    422,
    4,
  ),
  JT_REQUEST_SLOW: row(
    'The request body arrived too slowly: less than 32 KiB/s after {seconds} s.',
    'Retry; on a slow network, compress long logs with gzip.',
    408,
    4,
    true,
  ),
  JT_ENCODING_UNSUPPORTED: row(
    '"Content-Encoding: {encoding}" is not supported; supported: {known}.',
    'Send the body uncompressed or in a supported encoding.',
    415,
    4,
  ),
  JT_DIAGNOSE_STOPPED: row(
    'The diagnosis of this log was stopped: {problem}.',
    'Send a part of it (the errors and the lines before them), or run "jobtrace diagnose FILE".',
    503,
    4,
  ),
  JT_ORIGIN_REFUSED: row(
    'Requests from the origin {origin} are not allowed.',
    'Open the page of Jobtrace directly, or add the host name to api.allowedHosts.',
    403,
    4,
  ),
  JT_HOST_REFUSED: row(
    'The host name "{host}" is not allowed while the API has no access control.',
    'Use the address 127.0.0.1 or localhost, add the name to api.allowedHosts, or set tokens (api.tokens).',
    403,
    4,
  ),
  JT_DEFECT: row(
    'Internal error: the request failed because of a bug in Jobtrace.',
    'Please report it with the log lines of Jobtrace from this time.',
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
    'Wrong user name or password.',
    'Try again, or ask an administrator to reset the password with "jobtrace users add NAME".',
    401,
    4,
  ),
  JT_PROVIDER_FAILED: row(
    'Sign-in with the provider failed: {problem}.',
    'Try again; if it keeps failing, compare api.oidc with the client settings at the provider (docs/access.md).',
    502,
    4,
    true,
  ),
  JT_SIGNIN_PAUSED: row(
    'Too many failed sign-ins: try again in {seconds} s.',
    'Wait, then try again. Browsers that have signed in before are not affected.',
    429,
    4,
    true,
  ),
  JT_FORBIDDEN: row(
    'Permission denied: {problem}.',
    'Ask an administrator for a token or a user with the required role.',
    403,
    4,
  ),
  JT_NOT_FOUND: row('{what} was not found.', 'Check the address; the data may have been deleted by retention.', 404, 4),
  JT_METHOD_REFUSED: row(
    'Method {method} is not allowed for {path}.',
    'Send a POST; docs/assistants.md has an example.',
    405,
    4,
  ),
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
