// Measures how well failures that no rule names are grouped: npx tsx bench/groups.ts [CASES…] (--help). All rules are
// off. Each log contributes its first failure, and any two failures are a pair: joined or not, and labelled as the same
// or as different. Recordings are labelled by their scenario, cases by the cause in their JSON, the rules' own logs by
// the alternative that they prove. Not counted are pairs of one cause without a label, and failures to which the rules
// give a cause other than the label, because those are only consequences.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import type { Incident, UnknownFailure } from '../core/documents/incident.js';
import { isObject } from '../core/json.js';
import { buildCatalog, loadCatalog, type Catalog } from '../analyzer/catalog/catalog.js';
import { readLog, type LogConclusion } from '../analyzer/incident/diagnose.js';
import type { Signal } from '../analyzer/entry/signal.js';
import { readEntries } from '../analyzer/input/read.js';
import { readCommandLine, type BenchScript } from '../lab/options.js';
import { listRecordings, loadManifest, RECORDINGS_DIR } from '../lab/play/manifest.js';

const SCRIPT = {
  name: 'bench/groups.ts',
  summary: 'How well failures that no rule names are grouped, pairwise beside labels, with all rules off.',
  operands: '[CASES…]',
  options: {
    rules: { kind: 'switch', help: "The rules' own logs too, most of which were written from the code of a class." },
    all: { kind: 'switch', help: 'Count failures that are labelled for another one of their log, too.' },
    pairs: { kind: 'switch', help: 'Also print what was joined wrongly and what was not joined.' },
  },
} as const satisfies BenchScript;

const { values, operands } = readCommandLine(SCRIPT);
const RULES = join(import.meta.dirname, '..', 'rules');

/** Log whose failure is known. */
interface Labelled {
  readonly name: string;
  readonly files: readonly string[];
  readonly cause: string;
  /** Variant within the cause; undefined if the label does not state it. */
  readonly variant: string | undefined;
  readonly job?: string | undefined;
}

/** Labels of the failure, for logs whose own label is about something else in the log. */
const FAILED: Readonly<Record<string, { readonly cause: string; readonly why: string }>> = {
  'a29.json': {
    cause: 'checkpoint.timeout',
    why: 'What fails is a job whose checkpoint expired; its label is of a task that does not stop afterwards.',
  },
  'b04.json': {
    cause: 'cluster.taskmanager-lost',
    why: 'What fails is a task whose peer is gone; why the peer went stands below, where nothing fails.',
  },
  'cluster.zookeeper-suspended/frozen-quorum/1.20.5': {
    cause: 'cluster.leadership-lost',
    why: 'What fails is a job without a leader; of ZooKeeper only a warning tells, by which nothing fails.',
  },
  'cluster.zookeeper-suspended/lost/1.20.5': {
    cause: 'cluster.leadership-lost',
    why: 'What fails is a job without a leader; of ZooKeeper only a warning tells, by which nothing fails.',
  },
  'memory.heap-oom/out-file-only/1.20.5': {
    cause: 'cluster.taskmanager-lost',
    why: 'What fails is a task whose peer is gone; what the peer printed last is no failure that a log tells of.',
  },
  'network.frame-too-large/task-deployment/1.20.5': {
    cause: 'network.rpc-timeout',
    why: 'What fails is a call without an answer; that it was too large is a line by which nothing fails.',
  },
};

interface LeadFailure extends Labelled {
  readonly failure: UnknownFailure;
}

type Verdict = 'same' | 'different' | 'open';

const named = loadCatalog();
const unnamed = buildCatalog([], named.causes, named.engine);

function* labelRecordings(): Generator<Labelled> {
  for (const name of listRecordings()) {
    const folder = join(RECORDINGS_DIR, name);
    const { expected, processes } = loadManifest(folder);
    const files = processes.flatMap((process) => process.files).map((file) => join(folder, file));
    const cause = FAILED[name]?.cause ?? expected.cause;
    if (cause !== 'none') yield { name, files, cause, variant: dirname(name), job: expected.job };
  }
}

function* labelCases(folder: string): Generator<Labelled> {
  for (const file of readdirSync(folder).filter((name) => name.endsWith('.json'))) {
    const label: unknown = JSON.parse(readFileSync(join(folder, file), 'utf8'));
    const log = join(folder, file.replace(/json$/, 'log'));
    if (!isObject(label) || typeof label['cause'] !== 'string' || !existsSync(log)) continue;
    const cause = FAILED[file]?.cause ?? label['cause'];
    if (cause !== 'healthy') yield { name: file, files: [log], cause, variant: undefined };
  }
}

function* labelRules(): Generator<Labelled> {
  for (const { id, cause } of named.rules) {
    const folder = join(RULES, ...id.replace('.', '/').split('/'));
    for (const file of readdirSync(folder).filter((name) => /^match(-\d+)?\.log$/.test(name))) {
      const files = [join(folder, file)];
      const proved = listSignals(read(files, named)).flatMap(({ matches }) =>
        matches.filter(({ rule }) => rule === id),
      );
      const variant = [id, ...new Set(proved.map(({ alternative }) => alternative))].join(' ');
      yield { name: `${id} ${basename(file)}`, files, cause, variant };
    }
  }
}

function read(files: readonly string[], catalog: Catalog): LogConclusion {
  return readLog(readEntries(files), catalog, {});
}

function listSignals({ clusters }: LogConclusion): readonly Signal[] {
  return clusters.flatMap(({ signals }) => [...signals]);
}

/** Returns the first failure: of the job that is known to have failed, else of the first incident. */
function findLead(log: Labelled): LeadFailure | 'none' | 'other' {
  const { incidents } = read(log.files, unnamed);
  const unknown = incidents.filter((incident) => incident.unknown.length > 0);
  const chosen: Incident | undefined = unknown.find(({ job }) => job !== undefined && job.id === log.job) ?? unknown[0];
  const failure = chosen?.unknown[0];
  if (failure === undefined) return 'none';
  return !values.all && isOther(failure, log) ? 'other' : { ...log, failure };
}

/**
 * Returns true if rules match this entry, but none with the labelled cause; then the label is about another failure of
 * the log.
 */
function isOther({ evidence: [first] }: UnknownFailure, { files, cause }: Labelled): boolean {
  const rules = listSignals(read(files, named))
    .filter(({ place }) => place.path === first?.file && place.line === first.line)
    .flatMap(({ matches }) => matches.flatMap((match) => named.findRule(match.rule) ?? []))
    .filter((rule) => !rule.general);
  return rules.length > 0 && rules.every((rule) => rule.cause !== cause);
}

function judge(a: Labelled, b: Labelled): Verdict {
  if (a.cause !== b.cause) return 'different';
  return a.variant === b.variant ? 'same' : 'open';
}

type Key = (failure: UnknownFailure) => string;

const KEYS: Readonly<Record<string, Key>> = {
  fingerprint: ({ fingerprint }) => fingerprint,
  'class and message': ({ group }) => `${group?.type}\n${group?.message}`,
  group: ({ group }) => group?.id ?? '',
};

interface Sum {
  joined: number;
  missed: number;
  wrong: number;
}

function comparePairs(leads: readonly LeadFailure[], key: Key, tell?: (text: string) => void): Sum {
  const sum: Sum = { joined: 0, missed: 0, wrong: 0 };
  for (const [index, a] of leads.entries()) {
    for (const b of leads.slice(0, index)) {
      const verdict = judge(a, b);
      const together = key(a.failure) === key(b.failure);
      if (verdict === 'open' || (verdict === 'different' && !together)) continue;
      sum[verdict === 'different' ? 'wrong' : together ? 'joined' : 'missed'] += 1;
      if (verdict === 'different' || !together)
        tell?.(
          `${together ? 'wrong ' : 'missed'}  ${b.name}  ${a.name}\n        ${describe(b)}\n        ${describe(a)}`,
        );
    }
  }
  return sum;
}

function describe({ failure: { group } }: LeadFailure): string {
  return [group?.type, group?.message, group?.place].filter(Boolean).join(' | ');
}

function measure(title: string, logs: Iterable<Labelled>): void {
  const found = [...logs].map(findLead);
  const leads = found.filter((lead) => typeof lead !== 'string');
  const count = (what: string): number => found.filter((lead) => lead === what).length;
  console.log(
    `\n${title}: ${leads.length} failures (without one: ${count('none')}; labelled for another: ${count('other')})\n`,
  );
  console.log('| by | joined | missed | joined wrongly | precision | recall |\n|---|---|---|---|---|---|');
  for (const [name, key] of Object.entries(KEYS)) {
    const { joined, missed, wrong } = comparePairs(leads, key);
    const shares = [joined / (joined + wrong), joined / (joined + missed)].map((share) => share.toFixed(3));
    console.log(`| ${[name, joined, missed, wrong, ...shares].join(' | ')} |`);
  }
  if (values.pairs) comparePairs(leads, KEYS['group'] ?? String, (text) => console.log(text));
}

measure(
  operands.length === 0 ? 'Recordings' : 'Recordings and cases',
  [labelRecordings(), ...operands.map(labelCases)].flatMap((labelled) => [...labelled]),
);
if (values.rules) measure("The rules' own logs", labelRules());
