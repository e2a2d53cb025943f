// Declares the fields of a record. From this table derive the type (types.ts), the checks of a stored record
// (store/stored.ts), the columns of SQLite, the mapping of Elasticsearch, the fields of the search box and how they
// compare (store/query/fields.ts), the API's schema (api/schemas/records.ts) and the table in docs/record.md. Names are
// those of the Elastic Common Schema, written flat; `flink.*` and `jobtrace.*` are fields that it does not define. Pure
// data without imports.

export const LEVELS = ['TRACE', 'DEBUG', 'INFO', 'WARN', 'ERROR', 'FATAL'] as const;
export const COMPONENTS = ['jobmanager', 'taskmanager', 'client', 'gateway', 'unknown'] as const;
/** Kind of the file that holds the bytes. The kind decides how the bytes are split and which rules may match. */
export const FILE_KINDS = ['log', 'out', 'err', 'gc', 'unknown'] as const;
/** Change that reading, or the store, had to make to an entry. The agent counts each kind in its metrics. */
export const ENTRY_FLAGS = ['cut', 'invalid-utf8', 'redacted', 'partial', 'undated', 'refused'] as const;

/** Type of a field → its allowed values, if they are few. */
const FIELD_VALUES = {
  level: LEVELS,
  component: COMPONENTS,
  kind: FILE_KINDS,
  flags: ENTRY_FLAGS,
} as const;

/** Type of a field → its type in TypeScript. */
export interface FieldTypes {
  readonly text: string;
  readonly time: string;
  readonly integer: number;
  readonly texts: readonly string[];
  readonly level: (typeof LEVELS)[number];
  readonly component: (typeof COMPONENTS)[number];
  readonly kind: (typeof FILE_KINDS)[number];
  readonly flags: readonly (typeof ENTRY_FLAGS)[number][];
}

/**
 * Short name of the search box ("level:ERROR"). Several fields may have the same short name; the search then includes
 * each of them.
 */
export interface ShortName {
  readonly name: string;
  /**
   * Texts after which a bare value may begin and before which it may end. A bare value is always compared with the
   * whole stored value ("level:ERROR"). With `after`, it also matches the end that follows one of these texts
   * ("logger:TaskExecutor" for "org.apache.flink.runtime.taskexecutor.TaskExecutor"). With `before`, it also matches
   * the beginning in front of one of them ("host:node7" for "node7.example.com").
   */
  readonly after?: readonly string[];
  readonly before?: readonly string[];
  /** Component to which the short name is limited. */
  readonly component?: FieldTypes['component'];
  /**
   * True if the search also finds records that do not name the job but are known to belong to it
   * (store/job-lines.ts).
   */
  readonly isJob?: true;
  readonly example: string;
}

export interface RecordField {
  readonly name: string;
  readonly type: keyof FieldTypes;
  /** True if every record has the field. */
  readonly required?: true;
  /** Column of the embedded store. Its SQL is in store/sqlite/schema.ts, as a migration. */
  readonly column: string;
  /** True if the text usually is a part of `event.original`. Such a text is stored as its position there. */
  readonly isSlice?: true;
  /**
   * Mapping in Elasticsearch. `value`: a whole value, for filters and counts; a search can name only these fields.
   * `text`: its words. `kept`: not searchable.
   */
  readonly mapping: 'value' | 'text' | 'kept' | 'time' | 'long';
  readonly short?: readonly ShortName[];
  readonly description: string;
}

// Short names that several fields share.
const JOB: ShortName = { name: 'job', isJob: true, example: 'job:orders' };
const ERROR: ShortName = { name: 'error', after: ['.', '$'], example: 'error:IOException' };
const TASKMANAGER: ShortName = { name: 'tm', component: 'taskmanager', example: 'tm:container_*_000002' };

export const RECORD_FIELDS = [
  {
    name: 'id',
    type: 'text',
    required: true,
    column: 'id',
    mapping: 'value',
    short: [{ name: 'id', example: 'id:…' }],
    description: 'Host, file identity and start offset; the same entry always has the same id.',
  },
  {
    name: '@timestamp',
    type: 'time',
    required: true,
    column: 'timestamp',
    mapping: 'time',
    description: "The entry's own time, else that of the entry before it, else the file's (flag `undated`).",
  },
  {
    name: 'message',
    type: 'text',
    required: true,
    column: 'message',
    isSlice: true,
    mapping: 'text',
    description: 'What the line says, without what the layout puts before it and without the stack trace.',
  },
  {
    name: 'event.original',
    type: 'text',
    required: true,
    column: 'original',
    mapping: 'kept',
    description: 'The entry as it stands in the file, stack trace included, with secrets replaced.',
  },
  {
    name: 'log.level',
    type: 'level',
    column: 'level',
    mapping: 'value',
    short: [{ name: 'level', example: 'level:ERROR' }],
    description: 'Level of the line, in the words of log4j.',
  },
  {
    name: 'log.logger',
    type: 'text',
    column: 'logger',
    mapping: 'value',
    short: [{ name: 'logger', after: ['.', '$'], example: 'logger:TaskExecutor' }],
    description: 'The logger, usually a class.',
  },
  {
    name: 'log.file.path',
    type: 'text',
    required: true,
    column: 'file',
    mapping: 'value',
    short: [{ name: 'file', after: ['/'], example: 'file:*.out' }],
    description: 'Path of the file on its host.',
  },
  {
    name: 'log.offset',
    type: 'integer',
    required: true,
    column: 'offset',
    mapping: 'long',
    description: 'Byte offset of the entry in its file.',
  },
  {
    name: 'process.thread.name',
    type: 'text',
    column: 'thread',
    mapping: 'value',
    short: [{ name: 'thread', example: 'thread:"Checkpoint Timer"' }],
    description: 'The thread that logged, where the layout names it.',
  },
  {
    name: 'error.type',
    type: 'text',
    column: 'error_type',
    mapping: 'value',
    short: [ERROR],
    description: 'Class of the outermost exception.',
  },
  {
    name: 'error.message',
    type: 'text',
    column: 'error_message',
    isSlice: true,
    mapping: 'text',
    description: 'Message of the outermost exception.',
  },
  {
    name: 'error.stack_trace',
    type: 'text',
    column: 'stack_trace',
    isSlice: true,
    mapping: 'kept',
    description: 'The stack trace as it is printed, causes included.',
  },
  {
    name: 'host.name',
    type: 'text',
    required: true,
    column: 'host',
    mapping: 'value',
    short: [{ name: 'host', before: ['.'], example: 'host:node7' }],
    description: 'The host that the process ran on.',
  },
  {
    name: 'container.id',
    type: 'text',
    column: 'container',
    mapping: 'value',
    short: [{ name: 'container', example: 'container:container_*_000002' }],
    description: 'The YARN container, from the path.',
  },
  {
    name: 'orchestrator.namespace',
    type: 'text',
    column: 'namespace',
    mapping: 'value',
    short: [{ name: 'namespace', example: 'namespace:flink' }],
    description: 'The Kubernetes namespace, from the path.',
  },
  {
    name: 'kubernetes.pod.name',
    type: 'text',
    column: 'pod',
    mapping: 'value',
    short: [{ name: 'pod', example: 'pod:orders-taskmanager-*' }],
    description: 'The Kubernetes pod, from the path.',
  },
  {
    name: 'flink.cluster',
    type: 'text',
    required: true,
    column: 'cluster',
    mapping: 'value',
    short: [{ name: 'cluster', example: 'cluster:application_1700000000000_0042' }],
    description:
      'One session cluster, YARN application or Kubernetes cluster id: everything that can explain each other.',
  },
  {
    name: 'flink.job.id',
    type: 'text',
    column: 'job_id',
    mapping: 'value',
    short: [JOB],
    description: 'The job that the line or its path names.',
  },
  {
    name: 'flink.job.name',
    type: 'text',
    column: 'job_name',
    mapping: 'value',
    short: [JOB],
    description: 'Its name, where the line says it.',
  },
  {
    name: 'flink.component',
    type: 'component',
    column: 'component',
    mapping: 'value',
    short: [{ name: 'component', example: 'component:jobmanager' }],
    description: 'What kind of process wrote the file.',
  },
  {
    name: 'flink.process.id',
    type: 'text',
    column: 'resource_id',
    mapping: 'value',
    short: [TASKMANAGER],
    description: 'Resource id of the TaskManager, in all entries after the line of its log that states it.',
  },
  {
    name: 'flink.version',
    type: 'text',
    column: 'version',
    mapping: 'value',
    short: [{ name: 'version', example: 'version:1.20.*' }],
    description:
      'Version of Flink, in all entries after the start-up banner of the file; rotated, `.out` and GC files have none.',
  },
  {
    name: 'flink.chain',
    type: 'texts',
    column: 'chain',
    mapping: 'value',
    short: [ERROR],
    description: 'Exception classes from the outside in.',
  },
  {
    name: 'jobtrace.process',
    type: 'text',
    required: true,
    column: 'process',
    mapping: 'value',
    short: [{ name: 'process', example: 'process:*taskexecutor*' }, TASKMANAGER],
    description: 'Joins the files of one process: its `.log`, rotations, `.out`, GC log and per-job files.',
  },
  {
    name: 'jobtrace.kind',
    type: 'kind',
    required: true,
    column: 'kind',
    mapping: 'value',
    short: [{ name: 'kind', example: 'kind:out' }],
    description: 'Kind of the file that contains the entry.',
  },
  {
    name: 'jobtrace.layout',
    type: 'text',
    required: true,
    column: 'layout',
    mapping: 'value',
    short: [{ name: 'layout', example: 'layout:none' }],
    description: 'Name of the layout that parsed the entry, or `none`.',
  },
  {
    name: 'jobtrace.length',
    type: 'integer',
    required: true,
    column: 'length',
    mapping: 'long',
    description: 'Bytes of the entry in its file: the version of a record that grew.',
  },
  {
    name: 'jobtrace.flags',
    type: 'flags',
    column: 'flags',
    mapping: 'value',
    short: [{ name: 'flag', example: 'flag:cut' }],
    description:
      'What reading had to do to the entry: over-long and cut, invalid UTF-8 replaced, secrets redacted, first or last ' +
      'part missing, no time of its own; kept aside because the index of its day did not take it.',
  },
  {
    name: 'jobtrace.signal',
    type: 'text',
    column: 'signal',
    mapping: 'value',
    short: [{ name: 'signal', before: ['.'], example: 'signal:yes' }],
    description:
      'What the agent found in the entry: `yes`, words that may report a failure; `fact`, words that matter only beside ' +
      'a failure; `no`, neither. The version of the words follows a point. An analyzer with the same words reads ' +
      'entries with `yes`, those with `fact` where something failed, and those without a signal or with another version.',
  },
] as const satisfies readonly RecordField[];

type Row = (typeof RECORD_FIELDS)[number];
type Named<Name extends string, Of extends Row> = Extract<Of, { readonly name: Name }>;
type RequiredRow = Extract<Row, { readonly required: true }>;
type OptionalRow = Exclude<Row, RequiredRow>;

export type FieldName = Row['name'];
/** Fields that a search can name. */
export type ValueField = Extract<Row, { readonly mapping: 'value' }>['name'];

/** Type of a record, derived from the table. All other modules use the name `LogRecord` (types.ts). */
export type RecordShape = {
  readonly [Name in RequiredRow['name']]: FieldTypes[Named<Name, RequiredRow>['type']];
} & {
  readonly [Name in OptionalRow['name']]?: FieldTypes[Named<Name, OptionalRow>['type']];
};

/** Rows of the table with their common type, in table order. */
export const FIELD_ROWS: readonly (RecordField & { readonly name: FieldName })[] = RECORD_FIELDS;

export function isValueField(name: string): name is ValueField {
  return FIELD_ROWS.some((row) => row.name === name && row.mapping === 'value');
}

/** Returns the values that a field may have; undefined if they are not limited. */
export function listValues({ type }: RecordField): readonly string[] | undefined {
  return Object.entries(FIELD_VALUES).find(([name]) => name === type)?.[1];
}

/** Renders the list of fields as a Markdown table for docs/record.md. */
export function renderRecordTable(): string {
  const rows = FIELD_ROWS.map((row) => {
    const values = listValues(row);
    const type = row.type === 'texts' || row.type === 'flags' ? 'texts' : values === undefined ? row.type : 'text';
    const listed = values === undefined ? '' : ` One of ${values.map((value) => `\`${value}\``).join(', ')}.`;
    const short = (row.short ?? []).map(({ name }) => `\`${name}:\``).join(' ');
    return `| \`${row.name}\` | ${type}${row.required === true ? '' : '?'} | ${short} | ${row.mapping} | \`${row.column}\` | ${row.description}${listed} |`;
  });
  return [
    '| field | type | in the search box | Elasticsearch | SQLite column | what it is |',
    '|---|---|---|---|---|---|',
    ...rows,
  ].join('\n');
}

/**
 * Renders a record id of key, start offset and CRC32 of all bytes before it: `5f…-00000000a3f0-1c291ca3`. It sorts by
 * offset within a file. The CRC distinguishes two generations with equal first lines and needs no checkpoint, because
 * the file itself gives it again.
 */
export function renderRecordId(key: string, offset: number, crc: number): string {
  return `${key}-${offset.toString(16).padStart(12, '0')}-${crc.toString(16).padStart(8, '0')}`;
}
