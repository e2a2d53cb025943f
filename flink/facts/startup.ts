// Reads what a process logs about itself when it starts: version, options, memory, its resource id. Rows for facts.ts.
// Literals: Flink's EnvironmentInformation, GlobalConfiguration, BashJavaUtils, TaskManagerRunner.
import { appendAll } from '../../core/sequence.js';
import type { Fact } from './fact.js';
import { begins, componentOf, holds, namesNobody, splitResource, type FactContext, type FactRow } from './row.js';
import { parseBytes } from './options.js';

type MemoryComponent = 'taskmanager' | 'jobmanager';

/** Names of the memory model by lines of BashJavaUtils' memory table, with their parents by indentation. */
const TASK_MANAGER_PARTS: Readonly<Record<string, string>> = {
  'Total Process Memory': 'totalProcess',
  'Total Flink Memory': 'totalFlink',
  'Total JVM Heap Memory': 'jvmHeap',
  'Total JVM Heap Memory/Framework': 'frameworkHeap',
  'Total JVM Heap Memory/Task': 'taskHeap',
  'Total Off-heap Memory/Managed': 'managed',
  'Total JVM Direct Memory': 'directLimit',
  'Total JVM Direct Memory/Framework': 'frameworkOffHeap',
  'Total JVM Direct Memory/Task': 'taskOffHeap',
  'Total JVM Direct Memory/Network': 'network',
  'JVM Metaspace': 'jvmMetaspace',
  'JVM Overhead': 'jvmOverhead',
};
const JOB_MANAGER_PARTS: Readonly<Record<string, string>> = {
  'Total Process Memory': 'totalProcess',
  'Total Flink Memory': 'totalFlink',
  'JVM Heap': 'jvmHeap',
  'Off-heap': 'offHeap',
  'JVM Metaspace': 'jvmMetaspace',
  'JVM Overhead': 'jvmOverhead',
};
const JVM_OPTIONS: readonly (readonly [prefix: string, part: string])[] = [
  ['-Xmx', 'jvmHeap'],
  ['-XX:MaxDirectMemorySize=', 'directLimit'],
  ['-XX:MaxMetaspaceSize=', 'jvmMetaspace'],
];
/**
 * First words of Flink's options. Other arguments of a command line (`-Dlog.file=…`, a user's arguments) are no
 * options.
 */
const OPTION_NAME =
  /^(?:akka|blob|classloader|client|cluster|collect-sink|compiler|containerized|env|execution|external-resource|fs|heartbeat|high-availability|historyserver|io|job|job-result-store|jobmanager|jobstore|kubernetes|metrics|mesos|minicluster|parallelism|pekko|pipeline|plugin|process|python|queryable-state|resourcemanager|rest|restart-strategy|s3|scheduler|security|slot|slotmanager|sql-client|sql-gateway|state|table|task|taskmanager|web|yarn|zookeeper)(?:\.[\w-]+)*$/;

const PROPERTY = 'Loading configuration property: ';
const DYNAMIC_PROPERTY = 'Loading dynamic configuration property: ';
/** Message that is indented by four blanks after the usual separator; the others are the same in JSON. */
const ARGUMENT = ' -     ';
const INDENTED = [ARGUMENT, '":"    ', '": "    '];

export const STARTUP_ROWS: readonly FactRow[] = [
  holds('(Version: ', String.raw`^\s*Starting (.{1,120}?) \(Version: ([^,\s]+),`, ([, name = '', version = '']) => {
    const component = componentOf(name);
    return [
      ...(/^\d/.test(version) ? [{ type: 'version', version, component } as const] : []),
      { type: 'process-start', component },
    ];
  }),
  {
    ...begins(PROPERTY, `^${PROPERTY}([^,\\s]+), (.*)`, ([, key = '', value = '']) => [
      { type: 'option', key, value, dynamic: false },
    ]),
    series: PROPERTY,
    namesNobody: true,
  },
  {
    ...begins(DYNAMIC_PROPERTY, `^${DYNAMIC_PROPERTY}([^,\\s]+), (.*)`, ([, key = '', value = '']) => [
      { type: 'option', key, value, dynamic: true },
    ]),
    series: DYNAMIC_PROPERTY,
    namesNobody: true,
  },
  { anchor: 'RESOURCE_PARAMS extraction logs:', start: false, namesNobody: true, read: readPreconfiguration },
  {
    anchor: '    ',
    start: true,
    literals: INDENTED,
    series: ARGUMENT,
    namesNobody: true,
    read: (message, context) =>
      message.startsWith('    -') ? readArgument(message, context) : readKeyValue(message, context),
  },
  begins(
    'Starting TaskManager with ResourceID: ',
    String.raw`^Starting TaskManager with ResourceID: (\S+)`,
    ([, id = '']) => [{ type: 'process-id', ...splitResource(id) }],
  ),
  namesNobody(
    begins(
      'Allocated ',
      String.raw`^Allocated (\d+) MB for network buffer pool \(number of memory segments: (\d+), bytes per segment: (\d+)\)`,
      ([, megabytes, segments, bytes]) => [
        { type: 'network-pool', megabytes: Number(megabytes), segments: Number(segments), segmentBytes: Number(bytes) },
      ],
      [' MB for network buffer pool'],
    ),
  ),
];

/**
 * Reads the block of some 60 lines that the start script's JVM printed: dynamic options, the file's options, the memory
 * table.
 */
function readPreconfiguration(message: string): readonly Fact[] {
  const facts: Fact[] = [];
  const table: string[] = [];
  let component: MemoryComponent | undefined;
  for (const line of message.split('\n')) {
    const text = line.replace(/^(?:logs: )?INFO {2}\[\] - /, '');
    if (line.startsWith('dynamic_configs:')) appendAll(facts, readDynamic(line));
    else if (text.startsWith(PROPERTY)) appendAll(facts, readProperty(text));
    else if (text.startsWith('Final TaskExecutor Memory')) component = 'taskmanager';
    else if (text.startsWith('Final Master Memory')) component = 'jobmanager';
    else if (component !== undefined && /^ +\S/.test(text)) table.push(text);
  }
  return component === undefined
    ? facts
    : [...facts, { type: 'memory', component, bytes: readMemoryTable(table, component) }];
}

/** Reads `dynamic_configs: -D a=1 -D b=2`. */
function readDynamic(line: string): Fact[] {
  return line
    .split(' -D ')
    .slice(1)
    .flatMap((pair) => makeOption(pair.trim()));
}

function readProperty(text: string): Fact[] {
  const comma = text.indexOf(', ');
  return comma === -1
    ? []
    : [
        {
          type: 'option',
          key: text.slice(PROPERTY.length, comma),
          value: text.slice(comma + 2).trimEnd(),
          dynamic: false,
        },
      ];
}

/** Reads the memory table. `Framework` and `Task` occur twice; the less indented line above shows which one it is. */
function readMemoryTable(lines: readonly string[], component: MemoryComponent): Readonly<Record<string, number>> {
  const parts = component === 'taskmanager' ? TASK_MANAGER_PARTS : JOB_MANAGER_PARTS;
  const bytes: Record<string, number> = {};
  let parent = '';
  for (const line of lines) {
    const colon = line.indexOf(':');
    const label = line.slice(0, colon).trim();
    if (label.startsWith('Total ')) parent = label;
    const name = parts[label] ?? parts[`${parent}/${label}`];
    const size = parseBytes(line.slice(colon + 1));
    if (name !== undefined && size !== undefined) bytes[name] = size;
  }
  return bytes;
}

/** Reads one JVM option or program argument. Each is on a line and in an entry of its own. */
function readArgument(message: string, context: FactContext): readonly Fact[] {
  const text = message.trim();
  if (text.startsWith('-D')) return makeOption(text.slice(2));
  const option = JVM_OPTIONS.find(([prefix]) => text.startsWith(prefix));
  const component = componentOf(context.logger ?? '');
  if (option === undefined || (component !== 'taskmanager' && component !== 'jobmanager')) return [];
  const size = parseBytes(text.slice(option[0].length));
  return size === undefined ? [] : [{ type: 'memory', component, bytes: { [option[1]]: size } }];
}

/** Reads `key=value` on the line after `-D`. */
function readKeyValue(message: string, context: FactContext): readonly Fact[] {
  return componentOf(context.logger ?? '') === 'unknown' ? [] : makeOption(message.trim());
}

function makeOption(pair: string): Fact[] {
  const equals = pair.indexOf('=');
  const key = pair.slice(0, equals);
  return equals > 0 && OPTION_NAME.test(key)
    ? [{ type: 'option', key, value: pair.slice(equals + 1), dynamic: true }]
    : [];
}
