// Writes the pages that are generated from tables (settings, errors, record fields, command line) and from results of
// measurements; run by "npm run docs". docs.test.ts compares them with the files, so that they cannot drift.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { LIMITS } from '../analyzer/restarts/limits.js';
import { renderBenchmarks } from '../bench/report/page.js';
import { COMMANDS } from '../cli/main.js';
import { renderSettingsTable } from '../core/config/describe.js';
import { CONDITIONS } from '../core/conditions.js';
import { ERRORS } from '../core/errors.js';
import { renderRecordTable } from '../core/record.js';
import { HELP_OPTION } from '../cli/command.js';
import { renderRooms } from './docs-rooms.js';
import { renderRules } from './docs-rules.js';
import { renderCommandHelp } from '../cli/terminal/help.js';
import { PACKAGE_ROOT } from '../cli/version.js';

/** Text about `job:` for docs/record.md. */
const OF_JOB = `## The lines of a job

\`job:orders\` finds everything that belongs to the job, whether a line names it or not; an id finds one run, a name all runs with it. It is found by

- the id or the name in the line, or the id in its path. The id and the name of a run stand for each other within its cluster;
- an id that only this job has: of an execution graph, an attempt or a slot, as stack traces of a TaskManager name them;
- process and time: lines that name no other job, from a time when it was the only job of its cluster or of that process;
- what its incidents show.

A line that names another job is not added. Nor is a line that names no job if two jobs were there at that time: search such a line of a shared TaskManager with \`tm:\` or \`cluster:\`.

- The analyzer attributes lines in clusters in which something failed, also lines from before it knew the job. In other clusters \`job:\` finds the lines that name the job.
- A run that has not ended is assumed to continue for one to two hours, and without end in a cluster of one application (\`execution.target\`).
- \`-job:orders\` leaves all of it out. A search uses at most the latest 100 runs and 200 spans of time.

To find only the lines that name the job themselves, use the names of the fields: \`flink.job.id:…\`, \`flink.job.name:…\`; \`job:*\` is what names any job.`;

export const PAGES: Readonly<Record<string, () => string>> = {
  'config.md': () =>
    `# Settings\n\nOne YAML file, given with \`--config FILE\` or \`JOBTRACE_CONFIG\`; dots are nesting (\`store.kind\` is \`kind\` under \`store\`). Order of precedence: default < file < environment < flag. Unknown keys are errors. Relative paths are relative to the file. A secret may be given by a file instead (\`store.passwordFile\`), never twice. \`jobtrace config print\` shows the result and where each value came from.\n\n${renderSettingsTable()}\n`,
  'errors.md': () =>
    `# Errors\n\nEvery error that Jobtrace reports, by its code. Exit codes of the command line: 0 done · 1 when \`search\` found nothing, with \`--fail-on\`, or when \`rules backtest\` took diagnoses from other rules · 2 usage, settings or a broken rule · 3 input unreadable · 4 a server · 130 interrupted.\n\n| code | what happened | what to do | HTTP | exit | retried automatically |\n|---|---|---|---|---|---|\n${Object.entries(
      ERRORS,
    )
      .map(
        ([code, row]) =>
          `| \`${code}\` | ${cell(row.message)} | ${cell(row.fix)} | ${row.httpStatus} | ${row.exitCode} | ${row.retryable ? 'yes' : 'no'} |`,
      )
      .join('\n')}\n\n${renderConditions()}\n`,
  'cli.md': () =>
    `# Command line\n\nResults go to standard output, everything else to standard error. Exit codes: 0 done · 1 when \`search\` found nothing, with \`--fail-on SEVERITY\`, or when \`rules backtest\` took diagnoses from other rules · 2 usage, settings or a broken rule · 3 input unreadable · 4 a server · 130 interrupted.\n\n${COMMANDS.map(
      (command) =>
        `## jobtrace ${command.name}\n\n\`\`\`\n${renderCommandHelp({ ...command, options: [...command.options, HELP_OPTION] }).trimEnd()}\n\`\`\`\n`,
    ).join('\n')}`,
  'record.md': () =>
    `# The record\n\nA record is one entry of a log, as it is stored, searched, exported and shown. Field names are those of the Elastic Common Schema. They are written flat and are the same in both stores, in \`jobtrace search --format ndjson\`, in the API and on the page.\n\n- A field whose type has \`?\` is missing if the log does not state it.\n- In the search box a field has the short names given here; its own name works as well (\`log.level:ERROR\`).\n- Column Elasticsearch: \`value\` is matched as a whole and counted, \`text\` by its words, \`kept\` is not searched. docs/elasticsearch.md lists what else a document has.\n\n${renderRecordTable()}\n\n${OF_JOB}\n`,
  'rooms.md': renderRooms,
  'rules.md': renderRules,
  'benchmarks.md': () => renderBenchmarks(),
  'restarts.md': renderRestarts,
};

function renderConditions(): string {
  const rows = Object.entries(CONDITIONS).map(
    ([code, { severity, message, fix }]) => `| \`${code}\` | ${severity} | ${cell(message.en)} | ${cell(fix.en)} |`,
  );
  return [
    '## Conditions of an agent',
    '',
    'What an agent reports about itself while it holds: on the page, at `GET /api/v1/agents` (both in the language of the reader) and as `jobtrace_agent_conditions{code}` at `/metrics`. Those whose cause is over go by themselves; those that report a loss or a refused record stay until the agent is restarted.',
    '',
    '| code | severity | what is so | what to do |',
    '|---|---|---|---|',
    ...rows,
  ].join('\n');
}

const RESTARTS = `# Restart loops

A job that fails and restarts for hours gives one incident, in bounded memory. \`analyzer/restarts/\` decides it, in this order:

1. **One incident.** Failures belong together until the job has run healthy between them (\`episode.ts\`).
2. **Folded.** The middle of a long loop is kept as a sum of failures and restarts; its beginning and its end are kept as they are (\`foldMiddle\` in \`failures.ts\`).
3. **Counted and listed.** The card has the number of restarts, and the first and the last attempts (\`countRestarts\`, \`listAttempts\`).
4. **Written.** What only grows is written less often than what is new on the card (\`write.ts\`).

A restart is never a message by itself: "still failing" is sent once after \`notify.stillFailingAfterMs\` (\`notify/decide/decide.ts\`).

These are all limits (\`limits.ts\`):

| limit | value | why | what is lost beyond it |
|---|---|---|---|
`;

function renderRestarts(): string {
  const rows = Object.entries(LIMITS).map(([name, limit]) => {
    const ends = 'first' in limit ? `; the first ${limit.first} and the last ${limit.last} are kept` : '';
    return `| \`${name}\` | ${limit.value} ${limit.unit}${ends} | ${limit.why} | ${limit.lost} |\n`;
  });
  return `${RESTARTS}${rows.join('')}`;
}

function cell(text: string): string {
  return text.replaceAll('\n', ' ').replaceAll('|', '\\|');
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  for (const [name, render] of Object.entries(PAGES)) writeFileSync(join(PACKAGE_ROOT, 'docs', name), render());
}
