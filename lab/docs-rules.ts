// Renders docs/rules.md: the rules of the catalog and how far each is proven. Takes the rules, their cases, the
// results of the source check (rules/sources.tsv), and the lab's recordings and repairs; returns the text of the page.
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { readCases } from '../analyzer/author/cases.js';
import { loadCatalog } from '../analyzer/catalog/catalog.js';
import { findBuiltInRules } from '../analyzer/catalog/files.js';
import type { Rule } from '../analyzer/catalog/rule.js';
import { PACKAGE_ROOT } from '../cli/version.js';

interface Proven {
  readonly rule: Rule;
  /** Number of match logs that were recorded in the lab; `constructed` counts those made from literals. */
  readonly lab: number;
  readonly constructed: number;
  readonly patches: number;
  /** Number of patches with which a failed job of the lab ran. */
  readonly repaired: number;
  /** Versions whose jars contain a source, in order; `libraries` for sources without a version. */
  readonly found: readonly string[];
}

/** Reasons why the lab has no failure of these causes; the first matching row counts. docs/lab.md has details. */
const NOT_PROVOKED: readonly (readonly [cause: RegExp, reason: string])[] = [
  [
    /^cluster\.(image-pull|kubernetes-forbidden)|^deploy\.(operator|container-runtime)|^memory\.container-killed/,
    'no Kubernetes, YARN or operator among the parts',
  ],
  [/^storage\.hdfs-unavailable|^connector\.(hive|hbase)/, 'no Hadoop among the parts'],
  [/^connector\.|^format\.schema-registry/, 'the external system is not among the parts'],
  [/^deploy\.python/, 'no Python jobs in the lab'],
];
const OTHERWISE = 'no scenario yet';

export function renderRules(): string {
  const { rules } = loadCatalog();
  const sources = readSources();
  const repaired = readRepairs();
  const proven = rules.map((rule) => proveRule(rule, sources, repaired));
  const recorded = readRecordedCauses();
  const causes = [...new Set(rules.map((rule) => rule.cause))].sort();
  return `# The catalog: rules and their proofs

${renderSummary(proven, causes, recorded)}

Columns:

- **lab**: match logs recorded from a real Flink that failed.
- **written**: match logs made from the literals of the classes that print them.
- **source**: Flink versions whose jars contain the messages of the rule in the classes that it names. \`libraries\` means connectors and libraries that go with many versions (lab/reference/literals.ts looks them up).
- **patches**: fixes whose exact options are asserted.
- **ran**: fixes of the lab's failures with which the job then ran (\`npm run lab -- repair all --flink 1.20\`).

| rule | status | forms | lab | written | source found in | patches | ran |
|---|---|---|---|---|---|---|---|
${proven.map(renderRow).join('\n')}

## Causes that no recorded failure proves

| cause | why |
|---|---|
${causes
  .filter((cause) => !isLabProven(cause, proven, recorded))
  .map((cause) => `| \`${cause}\` | ${explain(cause)} |`)
  .join('\n')}
`;
}

function renderSummary(proven: readonly Proven[], causes: readonly string[], recorded: ReadonlySet<string>): string {
  const alternatives = proven.flatMap(({ rule }) => rule.alternatives);
  const byLab = proven.filter(({ lab }) => lab > 0).length;
  const causesByLab = causes.filter((cause) => isLabProven(cause, proven, recorded)).length;
  const rows: readonly (readonly [string, string])[] = [
    ['causes with rules', String(causes.length)],
    ['rules', `${proven.length}, of which stable ${proven.filter(({ rule }) => rule.status === 'stable').length}`],
    ['forms of message', String(alternatives.length)],
    ['languages', 'English, Chinese'],
    ['match logs', `${sum(proven, 'lab')} recorded, ${sum(proven, 'constructed')} written`],
    ['rules proven by a reproduced failure', share(byLab, proven.length)],
    ['causes proven by a reproduced failure', share(causesByLab, causes.length)],
    [
      'rules whose messages were found in real jars',
      share(proven.filter(({ found }) => found.length > 0).length, proven.length),
    ],
    [
      'forms that name their source',
      share(alternatives.filter(({ sources }) => sources.length > 0).length, alternatives.length),
    ],
    ['patches asserted', String(sum(proven, 'patches'))],
    [
      'patches with which a failed job ran on a real cluster',
      `${sum(proven, 'repaired')}, of ${proven.filter(({ repaired }) => repaired > 0).length} rules`,
    ],
  ];
  return `| | |\n|---|---|\n${rows.map(([name, value]) => `| ${name} | ${value} |`).join('\n')}`;
}

function renderRow({ rule, lab, constructed, patches, repaired, found }: Proven): string {
  return `| \`${rule.id}\` | ${rule.status} | ${rule.alternatives.length} | ${lab || ''} | ${constructed || ''} | ${found.join(', ')} | ${patches || ''} | ${repaired || ''} |`;
}

function proveRule(rule: Rule, sources: ReadonlyMap<string, readonly string[]>, repaired: readonly string[]): Proven {
  const proofs = readCases(rule)
    .cases.filter(({ isMatch }) => isMatch)
    .flatMap(({ expectation }) => expectation ?? []);
  const found = new Set(rule.alternatives.flatMap(({ id }) => sources.get(`${rule.id}#${id}`) ?? []));
  return {
    rule,
    lab: proofs.filter(({ from }) => from === 'lab').length,
    constructed: proofs.filter(({ from }) => from === 'constructed').length,
    patches: proofs.reduce((count, { patches = {} }) => count + Object.keys(patches).length, 0),
    repaired: repaired.filter((id) => id === rule.id).length,
    found: [...found].sort(compareNames),
  };
}

/** Returns, by rule and alternative, the names of the jars that contain a source. */
function readSources(): ReadonlyMap<string, readonly string[]> {
  const path = join(findBuiltInRules(), 'sources.tsv');
  if (!existsSync(path)) return new Map();
  return new Map(
    readFileSync(path, 'utf8')
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => {
        const [id = '', ...findings] = line.split('\t');
        return [
          id,
          findings
            .filter((finding) => finding.endsWith('=found'))
            .map((finding) => finding.slice(0, finding.indexOf('='))),
        ];
      }),
  );
}

/** Returns the rule of each patch with which lab/play/repair.ts ran a job. */
function readRepairs(): readonly string[] {
  const path = join(PACKAGE_ROOT, 'lab', 'repairs.tsv');
  return existsSync(path)
    ? readFileSync(path, 'utf8')
        .split('\n')
        .map((line) => line.split('\t')[2] ?? '')
    : [];
}

function readRecordedCauses(): ReadonlySet<string> {
  return new Set(readdirSync(join(PACKAGE_ROOT, 'lab', 'recordings')));
}

function isLabProven(cause: string, proven: readonly Proven[], recorded: ReadonlySet<string>): boolean {
  return recorded.has(cause) || proven.some(({ rule, lab }) => rule.cause === cause && lab > 0);
}

function explain(cause: string): string {
  return NOT_PROVOKED.find(([pattern]) => pattern.test(cause))?.[1] ?? OTHERWISE;
}

function sum(proven: readonly Proven[], key: 'lab' | 'constructed' | 'patches' | 'repaired'): number {
  return proven.reduce((total, item) => total + item[key], 0);
}

function share(part: number, whole: number): string {
  return `${part} of ${whole} (${Math.round((part / whole) * 100)} %)`;
}

/** Compares names in numeric order: 1.9 before 1.13, and names after numbers. */
function compareNames(a: string, b: string): number {
  return a.localeCompare(b, 'en', { numeric: true });
}
