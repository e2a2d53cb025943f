// Implements "jobtrace rules new FILE|-": writes the file of a new rule for the first failure of a log that no rule,
// or only a general one, matches. analyzer/author/draft.ts drafts the rule. The output lists the remaining work as
// `rules test` does.
import { existsSync, realpathSync } from 'node:fs';
import { loadCatalog, type Catalog } from '../../analyzer/catalog/catalog.js';
import { findBuiltInRules } from '../../analyzer/catalog/files.js';
import { diagnose } from '../../analyzer/incident/diagnose.js';
import { writeCases, type RuleDraft } from '../../analyzer/author/draft.js';
import { addCause, hasRule, placeRule, RULE_ID, shareSchemas, writeRule } from '../../analyzer/author/folder.js';
import { proposeId, proposeRule, type Proposal } from '../../analyzer/author/propose.js';
import { readStdin } from '../../analyzer/input/files/disk.js';
import { proveRule } from '../../analyzer/author/proof.js';
import { readEntries, readPasted } from '../../analyzer/input/read.js';
import { findNearest } from '../../core/text/nearest.js';
import { createError } from '../../core/errors.js';
import type { Evidence, Owner } from '../../core/documents/incident.js';
import type { Entry } from '../../core/types.js';
import { CONFIG_OPTION, RULES_OPTION, type Command, type Invocation } from '../command.js';
import { write } from '../terminal/write.js';
import { paint, styleOf } from '../terminal/print.js';
import { extraFolders, readSettings, zoneOf } from '../settings.js';

export const RULES_NEW: Command = {
  name: 'rules new',
  operands: 'FILE|-',
  summary:
    'Draft a rule from a log: for the first failure without a matching rule, with anchor, captures and test logs.',
  options: [
    {
      name: 'id',
      value: 'CAUSE/VARIANT',
      help: 'Id of the new rule, e.g. connector.ledger/closed; a new cause is added to causes.yaml.',
    },
    {
      ...RULES_OPTION,
      help: 'Folder to write the rule to (default: the last of analyzer.rulesDirs, else rules).',
    },
    CONFIG_OPTION,
  ],
  examples: [
    'jobtrace rules new taskmanager.log',
    'kubectl logs my-job-taskmanager-1-1 | jobtrace rules new - --id connector.ledger/closed --rules our-rules',
  ],
  run: runNew,
};

async function runNew(invocation: Invocation): Promise<number> {
  const [path] = invocation.operands;
  if (path === undefined || invocation.operands.length > 1)
    throw createError('JT_USAGE', {
      problem: 'rules new needs one log, or "-" for standard input.',
      command: 'rules new',
    });
  const folder = extraFolders(invocation).at(-1) ?? 'rules';
  const isBuiltIn = existsSync(folder) && realpathSync(folder) === realpathSync(findBuiltInRules());
  const catalog = loadCatalog({ extra: extraFolders(invocation).filter((item) => existsSync(item) && !isBuiltIn) });
  const zone = zoneOf(readSettings(invocation).settings);
  const proposal = proposeRule(createReader(path), catalog, zone);
  if (proposal === undefined)
    throw createError('JT_USAGE', {
      problem: `${path} has no failure: no task, job or process ended in it.`,
      command: 'rules new',
    });
  const { draft, evidence, owner, named } = proposal;
  const id = chooseId(invocation.option('id'), proposal);
  const place = placeRule(folder, id);
  if (hasRule(folder, id))
    throw createError('JT_USAGE', {
      problem: `${place} already has a rule; use another --id.`,
      command: 'rules new',
    });
  if (!isBuiltIn) shareSchemas(folder);
  const notes = noteCause(id, folder, catalog, owner);
  const about = {
    note: `The entry at ${evidence.file}:${evidence.line}`,
    version: proposal.flinkVersion,
    handled: proposal.isFailure,
    matchLog: draft.matchLog,
    nearMissLog: draft.nearMissLog,
  };
  const save = (values: Readonly<Record<string, string>>): void =>
    writeRule(folder, id, draft.ruleYaml + writeCases({ ...about, values }));
  save({});
  const extra = isBuiltIn ? [] : [...new Set([...extraFolders(invocation), folder])];
  const gaps = finishProof(id, draft, loadCatalog({ extra }), save);
  await write(
    invocation.terminal,
    renderReport(
      {
        id,
        place,
        folder: isBuiltIn ? undefined : folder,
        draft,
        evidence,
        notes: [
          ...notes,
          ...(named === undefined
            ? []
            : [`${named.rule} already matches this failure; the new rule competes with it.`]),
        ],
        gaps,
      },
      invocation,
    ),
  );
  return 0;
}

/** Returns a function that reads the log. The log is read twice, so standard input is buffered. */
function createReader(path: string): () => Iterable<Entry> {
  if (path !== '-') return () => readEntries([path]);
  const input = [...readStdin()];
  return () => readEntries(['-'], { stdin: () => input });
}

function chooseId(given: string | undefined, proposal: Proposal): string {
  if (given !== undefined) {
    if (RULE_ID.test(given)) return given;
    throw createError('JT_USAGE', {
      problem: `--id is "${given}", but must be CAUSE/VARIANT in small letters, such as connector.ledger/closed.`,
      command: 'rules new',
    });
  }
  const proposed = proposeId(proposal);
  if (proposed !== undefined) return proposed;
  throw createError('JT_USAGE', {
    problem: `Set the cause of this failure with --id CAUSE/VARIANT (rules/causes.yaml lists causes), e.g. --id cluster.other/${proposal.draft.variant}.`,
    command: 'rules new',
  });
}

function noteCause(id: string, folder: string, catalog: Catalog, owner: Owner): readonly string[] {
  const cause = id.slice(0, id.indexOf('/'));
  const file = addCause(cause, folder, catalog, owner);
  if (file === undefined) return [];
  const nearest = findNearest(cause, catalog.causes.keys());
  return [
    `${cause} is a new cause, added to ${file}${nearest === undefined ? '' : `; if you meant ${nearest}, move the file and remove that line`}.`,
  ];
}

/** Writes the values that the new rule captures from its own log to its case. Returns the remaining work. */
function finishProof(
  id: string,
  draft: RuleDraft,
  catalog: Catalog,
  save: (values: Readonly<Record<string, string>>) => void,
): readonly string[] {
  const found = diagnose(readPasted(Buffer.from(draft.matchLog)), catalog)
    .flatMap((incident) => incident.diagnoses.en)
    .find((diagnosis) => diagnosis.rule === id);
  save(
    Object.fromEntries(
      draft.slots.flatMap(({ name }) => (found?.values[name] === undefined ? [] : [[name, found.values[name]]])),
    ),
  );
  const rule = catalog.findRule(id);
  if (rule === undefined) throw new Error(`the rule ${id} was written but is not in the catalog`);
  return proveRule(rule, catalog).flatMap(({ name, problem }) =>
    problem === undefined ? [] : [`${name === undefined ? '' : `case ${name}: `}${problem}`],
  );
}

interface Report {
  readonly id: string;
  readonly place: string;
  /** Folder of the rule; undefined for the built-in catalog. */
  readonly folder: string | undefined;
  readonly draft: RuleDraft;
  readonly evidence: Evidence;
  readonly notes: readonly string[];
  readonly gaps: readonly string[];
}

function renderReport({ id, place, folder, draft, evidence, notes, gaps }: Report, { terminal }: Invocation): string {
  const style = styleOf(terminal.stdout, terminal.environment);
  const captures = draft.slots.map((slot) => slot.name).join(', ') || 'none';
  const option = folder === undefined ? '' : ` --rules ${folder}`;
  return `${[
    `${paint(id, 'bold', style)}  ${paint(place, 'cyan', style)}`,
    `  from      ${evidence.file}:${evidence.line}`,
    `  anchor    ${JSON.stringify(draft.anchor)}`,
    `  captures  ${captures}`,
    ...notes.map((note) => `  ${note}`),
    '',
    'Left to do:',
    ...gaps.map((gap) => `  ${gap}`),
    '',
    `Check with: jobtrace rules test${option} ${id}`,
  ].join('\n')}\n`;
}
