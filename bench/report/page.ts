// Renders docs/benchmarks.md from results: the targets and whether they are met, a table for each kind of run, and the
// commands, machine, versions and configurations of the measurement. Pure functions, except for reading the results;
// lab/docs.ts writes the page.
import { BARS, isMet } from './bars.js';
import { readResults, type Measured, type MeasuredProgram, type RunLine, type BenchSession } from './results.js';
import { renderTable, TABLES } from './tables.js';

const INTRO = `# Benchmarks

This page shows what \`bench/\` measured. \`npm run docs\` makes it from the results in \`bench/results\`; the last measurement counts.

- Everything is compared on one machine, in turn, round by round. Figures are the median of the rounds, with the minimum and the maximum in brackets.
- A ratio says more than a number, because another machine has other numbers.
- To measure again: \`npm run build\`, then the commands below, with \`--json bench/results/NAME.json\`. \`npx tsx bench/agent.ts --quick\` takes a few minutes.
`;

/** Description of each kind of run. */
const ABOUT: Readonly<Record<string, { readonly title: string; readonly text: string }>> = {
  drain: {
    title: 'Shipping a folder of logs',
    text: [
      'Each shipper sends a folder of files that is there at the start. The files are like those of Flink clusters: lines of the recordings of the laboratory, every fiftieth entry with a stack trace.',
      '',
      '- All join the lines of a trace to one document, keep their place in the files on disk, and wait for the answers.',
      '- All send gzip at level 1, where not stated otherwise. rsyslog cannot compress to Elasticsearch in this version.',
      '- Only Jobtrace reads times, levels, loggers, jobs and secrets. Only Jobtrace and rsyslog send ids, under which a second sending adds nothing.',
      '- CPU-s: user and system time of the process with all its threads and children, up to its last document, for a GiB of the files.',
      '- MB/s: bytes of the files from the first document to 99 % of them. Shipper and sink share the cores. Elasticsearch has half of them for itself, as if it ran on its own machine.',
      '- Sink `discard` only answers, if the answers to single documents are not asked for, and counts when all is there. Sink `bulk` counts what came and answers as Elasticsearch does.',
      '- Sink `elasticsearch` is one node with the template of Jobtrace and one for the fields of the others, a shard each. A front before it answers what Filebeat asks first and the smallest distribution does not answer.',
      '- “Bodies encoded before” sends the requests of Jobtrace from files: the maximum that this Elasticsearch takes.',
    ].join('\n'),
  },
  scaling: {
    title: 'Workers',
    text: 'How reading with several threads scales (`agent.workers`), with the same folder. On a machine of few cores a second worker takes its core from the sink and from the threads in which V8 collects garbage and compiles; so each worker is given the same part of a core, by the kernel, and the sink has what is left. `npx tsx bench/agent.ts --cores 0.7`.',
  },
  paced: {
    title: 'Keeping up with writers',
    text: 'Fifty files are written at an even speed. The lag is the time from the writing of a line to its arrival at the sink (one line in 49 has the time in it). The last lines of a trace wait until it is certain that none follows; that is part of it.',
  },
  footprint: {
    title: 'Many files',
    text: 'An agent ships that many files, rests, and then ships what is written to them; a fifth of it to one file. `bench/footprint.ts`.',
  },
  scan: {
    title: 'Searching a log for the anchors of all rules',
    text: 'Each on one core, over the same log. `bench/scan.ts`.',
  },
};

export function renderBenchmarks(measured: readonly Measured[] = readResults()): string {
  const current = selectCurrent(measured);
  const runs = current.flatMap((each) => each.runs);
  const sections = TABLES.flatMap((table) => {
    const about = ABOUT[table.kind];
    const isThere = runs.some(({ kind }) => kind === table.kind);
    return isThere && about !== undefined
      ? [`## ${about.title}\n\n${about.text}\n\n${renderTable(table, runs)}\n`]
      : [];
  });
  const sessions = current.flatMap(({ session }) => (session === undefined ? [] : [session]));
  return [INTRO, renderBars(runs), ...sections, renderSessions(sessions), renderPrograms(sessions)].join('\n');
}

/**
 * Selects the runs of the last session for each kind and sink (or number of files), because only those can be compared.
 */
function selectCurrent(measured: readonly Measured[]): readonly Measured[] {
  const groupOf = ({ kind, sink, files }: RunLine): string =>
    JSON.stringify([kind, sink, kind === 'footprint' && files]);
  const last = new Map(measured.flatMap(({ runs }, index) => runs.map((run) => [groupOf(run), index] as const)));
  return measured
    .map(({ session, runs }, index) => ({ session, runs: runs.filter((run) => last.get(groupOf(run)) === index) }))
    .filter(({ runs }) => runs.length > 0);
}

function renderBars(runs: readonly RunLine[]): string {
  const rows = BARS.map((bar) => {
    const figure = bar.read(runs);
    const outcome = { true: 'met', false: '**falls short**', undefined: 'not measured' }[`${isMet(bar, figure)}`];
    const why = isMet(bar, figure) === false && bar.hindrance !== undefined ? `: ${bar.hindrance}` : '';
    const limit = `${bar.isAtMost ? 'at most' : 'at least'} ${bar.limit.toLocaleString('en')}${bar.unit}`;
    return `| ${bar.what} | ${limit} | ${figure === undefined ? '–' : `${figure.toFixed(bar.digits)}${bar.unit}`} | ${outcome}${why} |`;
  });
  return ['## The bars', '', '| Jobtrace | bar | measured | |', '|---|---|---|---|', ...rows, ''].join('\n');
}

function renderSessions(sessions: readonly BenchSession[]): string {
  const rows = sessions.map(({ date, command, machine }) => {
    const { model, cores, memoryMib, load } = machine;
    return `| ${date.slice(0, 16).replace('T', ' ')} | \`${command}\` | ${model}, ${cores} cores, ${(memoryMib / 1024).toFixed(0)} GiB | ${load} |`;
  });
  const about =
    'Load: how many processes ran or waited when it began. Where it is far from 0 the machine had other work; processor time is higher then, and speeds and lags say little.';
  return ['## Commands', '', about, '', '| when | command | machine | load |', '|---|---|---|---|', ...rows, ''].join(
    '\n',
  );
}

function renderPrograms(sessions: readonly BenchSession[]): string {
  const programs = new Map<string, MeasuredProgram>();
  for (const program of sessions.flatMap((session) => session.programs)) programs.set(JSON.stringify(program), program);
  const parts = [...programs.values()].map(({ name, version, configuration }) => {
    const title = `### ${name}\n\n${version}\n`;
    return configuration === undefined ? title : `${title}\n\`\`\`\n${configuration.trimEnd()}\n\`\`\`\n`;
  });
  return ['## Versions and configurations', '', ...parts].join('\n');
}
