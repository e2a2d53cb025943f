// Every setting of Jobtrace in one table. From it come the types, the defaults, the checks, docs/config.md and
// "jobtrace config print". Order of precedence: default < file < environment < flag. cli.ts hands the values in;
// nothing here reads a file, the environment or the command line.
import { isObject, omitMissing } from './json.js';
import { LEVELS } from './record.js';
import { parseDocument, type DocumentProblem } from './document.js';
import { createError } from './errors.js';
import { hideAddress, isSecretName } from './text/secrets.js';
import { MAX_GLOB_LENGTH } from './text/glob.js';
import { LANGUAGES, type Language } from './types.js';

type SettingType =
  'string' | 'path' | 'integer' | 'number' | 'boolean' | 'strings' | 'paths' | 'secret' | 'receivers' | 'tokens';

interface SettingRow {
  readonly name: string;
  readonly type: SettingType;
  readonly default: unknown;
  readonly help: string;
  readonly minimum?: number;
  /** Of one text of a list. */
  readonly maxLength?: number;
  readonly values?: readonly string[];
  /** Environment variable; only secrets and what a container must be able to say have one. */
  readonly env?: string;
  /** Hardly anybody needs it. */
  readonly isAdvanced?: true;
}

const RECEIVER_KINDS = ['webhook', 'alertmanager'] as const;
const TOKEN_ROLES = ['reader', 'author', 'admin'] as const;

/** Where alerts go. `url` is a credential for most receivers: it is never logged. */
export interface ReceiverSettings {
  readonly name: string;
  readonly kind: (typeof RECEIVER_KINDS)[number];
  readonly url: string;
  readonly language: Language;
  /** Signs the body (HMAC-SHA256) in the header X-Jobtrace-Signature. */
  readonly secret?: string;
  readonly perMinute: number;
}

export interface TokenSettings {
  readonly name: string;
  readonly token: string;
  readonly role: (typeof TOKEN_ROLES)[number];
  /** Job and cluster patterns with `*`; empty = all. */
  readonly scope: readonly string[];
}

export const SETTINGS = [
  {
    name: 'dataDir',
    type: 'path',
    default: '.jobtrace',
    env: 'JOBTRACE_DATA',
    help: 'Folder for the embedded store, checkpoints and dead letters.',
  },
  {
    name: 'language',
    type: 'string',
    default: 'en',
    values: LANGUAGES,
    help: 'Language of diagnoses on the command line and on the page when the reader has not chosen one.',
  },
  {
    name: 'logLevel',
    type: 'string',
    default: 'info',
    values: ['trace', 'debug', 'info', 'warn', 'error', 'silent'],
    env: 'JOBTRACE_LOG_LEVEL',
    help: 'How much Jobtrace logs about itself, on standard error.',
  },
  {
    name: 'store.kind',
    type: 'string',
    default: 'sqlite',
    values: ['sqlite', 'elasticsearch'],
    help: 'Where records and incidents are kept: an embedded file for one machine, or Elasticsearch 8.19 or 9.',
  },
  {
    name: 'store.urls',
    type: 'strings',
    default: [],
    env: 'JOBTRACE_STORE_URL',
    help: 'Addresses of the Elasticsearch nodes.',
  },
  { name: 'store.username', type: 'string', default: '', help: 'Elasticsearch user, when no API key is used.' },
  {
    name: 'store.password',
    type: 'secret',
    default: '',
    env: 'JOBTRACE_STORE_PASSWORD',
    help: 'Password of that user.',
  },
  {
    name: 'store.apiKey',
    type: 'secret',
    default: '',
    env: 'JOBTRACE_STORE_API_KEY',
    help: 'Elasticsearch API key (encoded form).',
  },
  {
    name: 'store.caFile',
    type: 'path',
    default: '',
    help: 'PEM file of the certificate authority that signed the Elasticsearch certificate.',
  },
  { name: 'store.indexPrefix', type: 'string', default: 'jobtrace', help: 'All indices begin with it.' },
  {
    name: 'store.retentionDays',
    type: 'integer',
    default: 30,
    minimum: 1,
    help: 'Records and incidents older than this many days are deleted.',
  },
  {
    name: 'agent.paths',
    type: 'strings',
    default: [],
    help: 'Folders or patterns to watch; patterns take **, *, ? and the placeholders {job_id}, {host} and {cluster}.',
  },
  {
    name: 'agent.host',
    type: 'string',
    default: '',
    env: 'JOBTRACE_HOST',
    help: 'Name of this node in records; empty = the name the system gives.',
  },
  {
    name: 'agent.cluster',
    type: 'string',
    default: '',
    env: 'JOBTRACE_CLUSTER',
    help: 'Name of the Flink cluster whose logs these are; empty = taken from the path (YARN application, Kubernetes cluster, {cluster}), else the name of this node, so that logs of strangers never explain each other ("default" in the embedded store, which holds one machine only). Give all nodes of a standalone cluster the same name.',
  },
  {
    name: 'agent.zone',
    type: 'string',
    default: '',
    help: 'Time zone of timestamps without one, e.g. Asia/Shanghai; empty = the zone of this machine.',
  },
  {
    name: 'agent.minimumLevel',
    type: 'string',
    default: 'TRACE',
    values: LEVELS,
    help: 'Entries of a lower level stay on the node, unless they hold a word of the catalog: diagnoses are the same. Nothing is left out before the agent knows the words.',
  },
  {
    name: 'agent.redactPatterns',
    type: 'strings',
    default: [],
    help: 'Patterns (RE2) of your own for what must not leave the node; each match is replaced by ***, beside the passwords, tokens and keys that are replaced anyway.',
  },
  {
    name: 'agent.scanIntervalMs',
    type: 'integer',
    default: 1000,
    minimum: 50,
    help: 'How often folders are scanned for new, renamed and grown files.',
  },
  {
    name: 'agent.kubernetes',
    type: 'string',
    default: 'auto',
    env: 'JOBTRACE_KUBERNETES',
    help: 'Address of the API server (https://HOST:PORT) that is asked for the labels of a pod where the path of its logs does not name the cluster or the component; "auto" = https://kubernetes.default.svc in a pod that has a service account, else nobody; "off" = nobody. It needs the right to get pods, and without it everything goes on without labels.',
  },
  {
    name: 'agent.kubernetesDir',
    type: 'path',
    default: '/var/run/secrets/kubernetes.io/serviceaccount',
    isAdvanced: true,
    help: 'Folder with the files "token" and "ca.crt" for the API server.',
  },
  {
    name: 'agent.watch',
    type: 'boolean',
    default: true,
    help: 'Whether a change wakes the agent before the next scan; false where file events cost too much or do not come (network file systems).',
  },
  {
    name: 'agent.idleFlushMs',
    type: 'integer',
    default: 1000,
    minimum: 50,
    help: 'A last entry without a successor is shipped after this long; it is replaced if it grows later.',
  },
  {
    name: 'agent.maxEntryBytes',
    type: 'integer',
    default: 1_048_576,
    minimum: 1024,
    help: 'Longer entries are cut, flagged and counted.',
  },
  {
    name: 'agent.budgetBytes',
    type: 'integer',
    default: 67_108_864,
    minimum: 1048576,
    help: 'Memory of what is read and not yet acknowledged by the store; when spent, reading stops.',
  },
  {
    name: 'agent.maxBytesPerSecond',
    type: 'integer',
    default: 0,
    minimum: 0,
    help: 'How many bytes of log files are read a second, on average; what was not used in the last second is added. 0 = no limit.',
  },
  {
    name: 'agent.maxCores',
    type: 'number',
    default: 0,
    minimum: 0,
    help: 'Processor time of the whole process beyond which reading pauses, in cores: 0.25 is a quarter of one. 0 = no limit.',
  },
  {
    name: 'agent.maxOpenFiles',
    type: 'integer',
    default: 1000,
    minimum: 1,
    help: 'Files beyond this number are closed while they rest and opened again when they grow; keep it below "ulimit -n".',
  },
  {
    name: 'agent.workers',
    type: 'integer',
    default: 1,
    minimum: 1,
    help: 'Threads that read, encode and send; more than one where a node writes more than one core can ship. A file, its rotations and its archives stay with one, and the limits are shared out. Into the embedded store one thread writes, whatever reads.',
  },
  {
    name: 'agent.startFromEndAfterMs',
    type: 'integer',
    default: 86_400_000,
    minimum: 0,
    help: 'On its first start the agent reads files changed within this time from the beginning and older ones from the end.',
  },
  {
    name: 'agent.forgetAfterMs',
    type: 'integer',
    default: 604_800_000,
    minimum: 60000,
    help: 'A file that has not been seen for this long is forgotten; when it comes back it is read again, under the same ids.',
  },
  {
    name: 'agent.stopWithinMs',
    type: 'integer',
    default: 8000,
    minimum: 0,
    help: 'How long a stopping agent tries to ship what it has read; the next one reads the rest again.',
  },
  {
    name: 'agent.listen',
    type: 'string',
    default: '',
    help: 'Address, HOST:PORT, at which "jobtrace agent" serves its own /metrics, /health/live and /health/ready, without a token and without a word of any log; empty = nowhere.',
  },
  {
    name: 'agent.readIntervalMs',
    type: 'integer',
    default: 200,
    minimum: 10,
    isAdvanced: true,
    help: 'How often files that grew lately are looked at between two scans.',
  },
  {
    name: 'agent.undecidedFlushMs',
    type: 'integer',
    default: 30_000,
    minimum: 50,
    isAdvanced: true,
    help: 'A last line without an end that may begin an entry or go on with one is shipped after this long.',
  },
  {
    name: 'agent.quantumBytes',
    type: 'integer',
    default: 262_144,
    minimum: 1,
    isAdvanced: true,
    help: "What one file may read before it is another one's turn.",
  },
  {
    name: 'agent.batchBytes',
    type: 'integer',
    default: 4_194_304,
    minimum: 1024,
    isAdvanced: true,
    help: 'A batch of this size is sent.',
  },
  {
    name: 'agent.batchRecords',
    type: 'integer',
    default: 2000,
    minimum: 1,
    isAdvanced: true,
    help: 'A batch of this many records is sent.',
  },
  {
    name: 'agent.batchAgeMs',
    type: 'integer',
    default: 200,
    minimum: 0,
    isAdvanced: true,
    help: 'A batch that is not full is sent after this long.',
  },
  {
    name: 'agent.inFlightBatches',
    type: 'integer',
    default: 4,
    minimum: 1,
    isAdvanced: true,
    help: 'Batches that may wait for the answer of the store at the same time.',
  },
  {
    name: 'agent.retryCapMs',
    type: 'integer',
    default: 30_000,
    minimum: 200,
    isAdvanced: true,
    help: 'The longest wait before records are sent again to a store that does not take them.',
  },
  {
    name: 'agent.deadLetterBytes',
    type: 'integer',
    default: 67_108_864,
    minimum: 1_048_576,
    isAdvanced: true,
    help: 'What dead letters may take in the data folder; the oldest beyond it are dropped, counted and reported.',
  },
  {
    name: 'agent.holdGoneMs',
    type: 'integer',
    default: 5000,
    minimum: 0,
    isAdvanced: true,
    help: 'The descriptor of a file that vanished is kept this long after its last growth.',
  },
  {
    name: 'agent.copyWaitMs',
    type: 'integer',
    default: 10_000,
    minimum: 0,
    isAdvanced: true,
    help: 'How long a file that looks like a copy in the making is watched before it counts as a file of its own, and bytes that vanished unread wait for such a copy before they count as lost.',
  },
  {
    name: 'analyzer.rulesDirs',
    type: 'paths',
    default: [],
    help: 'Folders with rules of your own; they may override, extend or disable built-in ones.',
  },
  {
    name: 'analyzer.healthyAfterMs',
    type: 'integer',
    default: 600_000,
    minimum: 1000,
    help: 'A job that has run this long without failing ends its incident; the next failure opens a new one.',
  },
  {
    name: 'analyzer.shard',
    type: 'string',
    default: '0/1',
    env: 'JOBTRACE_SHARD',
    help: 'Which part of the feed this analyzer reads, "i/n" with i from 0.',
  },
  {
    name: 'api.listen',
    type: 'string',
    default: '127.0.0.1:8321',
    env: 'JOBTRACE_LISTEN',
    help: 'Address of the API and the page; anything but a loopback address needs api.tokens.',
  },
  {
    name: 'api.allowedHosts',
    type: 'strings',
    default: [],
    help: 'Host names beside localhost under which the API answers, and whose pages may use it, while no token is set.',
  },
  {
    name: 'api.publicUrl',
    type: 'string',
    default: '',
    help: 'Address under which people reach the page; used for links in alerts.',
  },
  {
    name: 'api.tokens',
    type: 'tokens',
    default: [],
    help: `Who may use the API: a list of {name, token or tokenFile, role: ${TOKEN_ROLES.join('|')}, scope: [patterns]}.`,
  },
  {
    name: 'notify.receivers',
    type: 'receivers',
    default: [],
    help: `Where alerts go: a list of {name, kind: ${RECEIVER_KINDS.join('|')}, url or urlFile, language, secret or secretFile, perMinute}.`,
  },
  {
    name: 'notify.symptomWaitMs',
    type: 'integer',
    default: 30_000,
    minimum: 0,
    help: 'How long an incident waits before it is announced when it shows only symptoms (for its cause) or nothing has failed yet (for lines that show it to be harmless).',
  },
  {
    name: 'notify.attachWaitMs',
    type: 'integer',
    default: 20_000,
    minimum: 0,
    help: 'How long an alert from Alertmanager waits for its diagnosis before it is forwarded without one.',
  },
  {
    name: 'notify.stillFailingAfterMs',
    type: 'integer',
    default: 3_600_000,
    minimum: 60_000,
    help: 'A job that goes on failing is announced again after this long.',
  },
  {
    name: 'notify.backlogAfterMs',
    type: 'integer',
    default: 3_600_000,
    minimum: 0,
    help: 'Failures older than this when first seen (the backlog of a first start) alert nobody.',
  },
  {
    name: 'notify.jobLabels',
    type: 'strings',
    default: ['job_id', 'flink_job_id', 'job_name'],
    help: 'Labels of an incoming Alertmanager alert that name the Flink job, first that answers.',
  },
  {
    name: 'notify.mutes',
    type: 'strings',
    default: [],
    help: 'Rule ids, cause ids, job ids or job names that alert nobody; patterns with *.',
    maxLength: MAX_GLOB_LENGTH,
  },
] as const satisfies readonly SettingRow[];

type Row = (typeof SETTINGS)[number];
type Name = Row['name'];
interface ValueByType {
  string: string;
  path: string;
  secret: string;
  integer: number;
  number: number;
  boolean: boolean;
  strings: readonly string[];
  paths: readonly string[];
  receivers: readonly ReceiverSettings[];
  tokens: readonly TokenSettings[];
}
/** Loaded once, frozen, and read by its dotted names; a stage gets the part it needs. */
export type Settings = { readonly [R in Row as R['name']]: ValueByType[R['type']] };
export type SettingOrigin = 'default' | 'file' | 'environment' | 'flag';
export interface LoadedSettings {
  readonly settings: Settings;
  readonly origins: Readonly<Record<string, SettingOrigin>>;
}

export interface SettingsInput {
  readonly file?: { readonly path: string; readonly text: string };
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly flags: Readonly<Record<string, unknown>>;
  /** Resolves a path of the file against the file's folder. */
  readonly resolvePath: (path: string) => string;
  /** Content of a secret's file, trimmed; throws JT_FILE_UNREADABLE. */
  readonly readSecret: (path: string) => string;
}

/** What holds where nobody says anything. */
export function defaultSettings(): Settings {
  return checkedSettings(Object.fromEntries(SETTINGS.map((row) => [row.name, row.default])));
}

function checkedSettings(values: Record<string, unknown>): Settings {
  if (!isSettings(values)) throw new Error('the settings table and its defaults disagree');
  return Object.freeze(values);
}

/** Merges the sources and checks the whole. Throws JT_CONFIG_INVALID with every problem, or JT_CONFIG_SECRET_TWICE. */
export function loadSettings(input: SettingsInput): LoadedSettings {
  const origins: Record<string, SettingOrigin> = {};
  const merged: Record<string, unknown> = {};
  const fromFile = readFileValues(input);
  for (const row of SETTINGS) {
    const sources: [SettingOrigin, unknown][] = [
      ['flag', input.flags[row.name]],
      ['environment', readEnvironment(row, input.environment)],
      ['file', fromFile.get(row.name)],
    ];
    const given = sources.filter(([, value]) => value !== undefined);
    const places = given.map(([origin]) => origin).filter((origin) => origin !== 'flag');
    if (row.type === 'secret' && places.length > 1)
      throw createError('JT_CONFIG_SECRET_TWICE', { name: row.name, places: places.join(' and ') });
    const [origin, value] = given[0] ?? ['default', row.default];
    merged[row.name] = value;
    origins[row.name] = origin;
  }
  return { settings: checkedSettings(merged), origins };
}

function readFileValues(input: SettingsInput): ReadonlyMap<string, unknown> {
  const values = new Map<string, unknown>();
  if (input.file === undefined) return values;
  const { value, problems } = parseDocument(input.file.text, input.file.path, settingsSchema());
  if (problems.length > 0) throw invalid(problems.map((problem) => formatProblem(input.file?.path ?? '', problem)));
  for (const row of SETTINGS) {
    const given = pick(value, row.name);
    const fromSecretFile = row.type === 'secret' ? pick(value, `${row.name}File`) : undefined;
    if (given !== undefined && fromSecretFile !== undefined)
      throw createError('JT_CONFIG_SECRET_TWICE', { name: row.name, places: `${row.name} and ${row.name}File` });
    if (typeof fromSecretFile === 'string') values.set(row.name, input.readSecret(input.resolvePath(fromSecretFile)));
    else if (given !== undefined) values.set(row.name, readRowValue(row, given, input));
  }
  return values;
}

function readRowValue(row: Row, given: unknown, input: SettingsInput): unknown {
  if (row.type === 'path' && typeof given === 'string' && given !== '') return input.resolvePath(given);
  if (row.type === 'paths' && Array.isArray(given)) return given.map((path) => input.resolvePath(String(path)));
  if (row.type === 'receivers' && Array.isArray(given))
    return given.map((item) => readObject(item, { language: 'en', perMinute: 60 }, ['url', 'secret'], input));
  if (row.type === 'tokens' && Array.isArray(given))
    return given.map((item) => readObject(item, { scope: [] }, ['token'], input));
  return given;
}

function readObject(
  item: unknown,
  defaults: Readonly<Record<string, unknown>>,
  secrets: readonly string[],
  input: SettingsInput,
): unknown {
  if (!isObject(item)) return item;
  const files = secrets.map((secret) => `${secret}File`);
  const result: Record<string, unknown> = {
    ...defaults,
    ...Object.fromEntries(Object.entries(item).filter(([key]) => !files.includes(key))),
  };
  for (const secret of secrets) {
    const file = item[`${secret}File`];
    if (typeof file !== 'string') continue;
    if (result[secret] !== undefined)
      throw createError('JT_CONFIG_SECRET_TWICE', { name: secret, places: `${secret} and ${secret}File` });
    const path = input.resolvePath(file);
    const content = input.readSecret(path);
    const problem = checkSecret(secret, content);
    if (problem !== undefined) throw invalid([`${path}: the ${secret} in this file ${problem}`]);
    result[secret] = content;
  }
  return result;
}

/** What the schema asks of a secret in the settings holds for one in a file. */
function checkSecret(name: string, content: string): string | undefined {
  if (name === 'token' && content.length < LEAST_TOKEN_LENGTH) return `needs at least ${LEAST_TOKEN_LENGTH} characters`;
  if (name === 'token' && !TOKEN_FORM.test(content)) return `does not have the right form (${TOKEN_HINT})`;
  if (name === 'url' && !URL_FORM.test(content)) return 'must begin with http:// or https://';
  return content === '' ? 'is empty' : undefined;
}

function readEnvironment(row: SettingRow, environment: Readonly<Record<string, string | undefined>>): unknown {
  const text = row.env === undefined ? undefined : environment[row.env];
  if (text === undefined || text === '') return undefined;
  const problem =
    row.values !== undefined && !row.values.includes(text)
      ? `is "${text}", but must be one of ${row.values.join(', ')}`
      : undefined;
  if (problem !== undefined) throw invalid([`${row.env ?? ''}: ${problem}`]);
  return row.type === 'strings' ? text.split(',').map((part) => part.trim()) : text;
}

/** The JSON schema of the settings file, built from the table. */
export function settingsSchema(): Readonly<Record<string, unknown>> {
  const root: SchemaNode = { type: 'object', additionalProperties: false, properties: {} };
  for (const row of SETTINGS) {
    addProperty(root, row.name, rowSchema(row));
    if (row.type === 'secret')
      addProperty(root, `${row.name}File`, { type: 'string', description: `File that holds ${row.name}.` });
  }
  return root;
}

interface SchemaNode extends Record<string, unknown> {
  properties: Record<string, unknown>;
}

function addProperty(root: SchemaNode, name: string, schema: unknown): void {
  const parts = name.split('.');
  const last = parts.pop() ?? name;
  let node = root;
  for (const part of parts) {
    const next = node.properties[part];
    if (isSchemaNode(next)) node = next;
    else {
      const created: SchemaNode = { type: 'object', additionalProperties: false, properties: {} };
      node.properties[part] = created;
      node = created;
    }
  }
  node.properties[last] = schema;
}

/** A token that is guessed as easily as it is typed protects nothing. */
const LEAST_TOKEN_LENGTH = 16;
/** What a header can carry: with another character nobody could ever send it. */
const TOKEN_FORM = /^[!-~]+$/;
const TOKEN_HINT = 'printable ASCII characters without spaces';
const URL_FORM = /^https?:\/\//;

const OBJECT_SCHEMAS = {
  receivers: {
    type: 'object',
    additionalProperties: false,
    required: ['name', 'kind'],
    anyOf: [{ required: ['url'] }, { required: ['urlFile'] }],
    properties: {
      name: { type: 'string', minLength: 1 },
      kind: { enum: RECEIVER_KINDS },
      url: { type: 'string', pattern: URL_FORM.source, writeOnly: true },
      urlFile: { type: 'string' },
      language: { enum: LANGUAGES },
      secret: { type: 'string', writeOnly: true },
      secretFile: { type: 'string' },
      perMinute: { type: 'integer', minimum: 1 },
    },
  },
  tokens: {
    type: 'object',
    additionalProperties: false,
    required: ['name', 'role'],
    anyOf: [{ required: ['token'] }, { required: ['tokenFile'] }],
    properties: {
      name: { type: 'string', minLength: 1 },
      token: {
        type: 'string',
        minLength: LEAST_TOKEN_LENGTH,
        pattern: TOKEN_FORM.source,
        description: TOKEN_HINT,
        writeOnly: true,
      },
      tokenFile: { type: 'string' },
      role: { enum: TOKEN_ROLES },
      scope: { type: 'array', items: { type: 'string', maxLength: MAX_GLOB_LENGTH } },
    },
  },
} as const;

function rowSchema(row: SettingRow): unknown {
  const description = row.help;
  switch (row.type) {
    case 'integer':
    case 'number':
      return { type: row.type, description, ...omitMissing({ minimum: row.minimum }) };
    case 'boolean':
      return { type: 'boolean', description };
    case 'strings':
    case 'paths':
      return {
        type: 'array',
        items: { type: 'string', ...omitMissing({ maxLength: row.maxLength }) },
        description,
      };
    case 'receivers':
    case 'tokens':
      return { type: 'array', items: OBJECT_SCHEMAS[row.type], description };
    default:
      if (row.values !== undefined) return { enum: row.values, description };
      return { type: 'string', description, ...omitMissing({ writeOnly: row.type === 'secret' ? true : undefined }) };
  }
}

/** What "jobtrace config print" shows: name, value (secrets hidden), where it came from. */
export function describeSettings(
  loaded: LoadedSettings,
): readonly { readonly name: string; readonly value: unknown; readonly origin: SettingOrigin }[] {
  return SETTINGS.map((row) => ({
    name: row.name,
    value: hideRowSecrets(row, loaded.settings[row.name]),
    origin: loaded.origins[row.name] ?? 'default',
  }));
}

function hideRowSecrets(row: Row, value: unknown): unknown {
  if (row.type === 'secret') return value === '' ? '' : '***';
  if ((row.type === 'receivers' || row.type === 'tokens') && Array.isArray(value)) {
    return value.map((item) =>
      isObject(item)
        ? Object.fromEntries(
            Object.entries(item).map(([key, inner]) => [key, key === 'url' || isSecretName(key) ? '***' : inner]),
          )
        : item,
    );
  }
  if (Array.isArray(value)) return value.map((item: unknown) => (typeof item === 'string' ? hideAddress(item) : item));
  return typeof value === 'string' ? hideAddress(value) : value;
}

/** The table as Markdown, for docs/config.md (a test compares). */
export function renderSettingsTable(): string {
  const rows = SETTINGS.map((row: SettingRow) => {
    const value = JSON.stringify(row.default);
    const allowed = row.values === undefined ? '' : ` One of ${row.values.map((item) => `\`${item}\``).join(', ')}.`;
    return `| \`${row.name}\` | ${row.type} | \`${value}\` | ${row.env === undefined ? '' : `\`${row.env}\``} | ${row.isAdvanced === true ? 'Advanced. ' : ''}${row.help}${allowed} |`;
  });
  return ['| setting | type | default | environment | what it does |', '|---|---|---|---|---|', ...rows].join('\n');
}

export function formatProblem(path: string, problem: DocumentProblem): string {
  return `${path}:${problem.line}:${problem.column} ${problem.message}`;
}

function invalid(problems: readonly string[]): Error {
  return createError('JT_CONFIG_INVALID', { problems: problems.map((problem) => `  ${problem}`).join('\n') });
}

function pick(value: unknown, name: string): unknown {
  return name.split('.').reduce<unknown>((node, key) => (isObject(node) ? node[key] : undefined), value);
}

function isSchemaNode(value: unknown): value is SchemaNode {
  return isObject(value) && isObject(value['properties']);
}

function isSettings(value: Record<string, unknown>): value is Settings & Record<Name, unknown> {
  return SETTINGS.every((row) => matchesType(row.type, value[row.name]));
}

function matchesType(type: SettingType, value: unknown): boolean {
  if (type === 'integer' || type === 'number') return typeof value === 'number';
  if (type === 'boolean') return typeof value === 'boolean';
  return ['strings', 'paths', 'receivers', 'tokens'].includes(type) ? Array.isArray(value) : typeof value === 'string';
}
