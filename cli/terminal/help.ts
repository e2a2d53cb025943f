// Renders the text of `--help` for all commands and for one, and docs/cli.md. It uses the table of commands, so that
// the help cannot differ from the parser.
import type { Command, OptionRow } from '../command.js';

export function renderOverview(commands: readonly Command[], version: string): string {
  const width = commands.reduce((max, { name }) => Math.max(max, name.length), 0);
  return [
    `jobtrace ${version}: collects Flink logs and explains why jobs fail.`,
    '',
    'Usage: jobtrace COMMAND [OPTION…]',
    '',
    ...commands.map((command) => `  ${command.name.padEnd(width)}  ${command.summary}`),
    '',
    'Start here:',
    '  jobtrace diagnose FILE…    diagnose log files offline',
    '  jobtrace up DIR            watch a folder of Flink logs, with a page in the browser',
    '',
    'Run "jobtrace COMMAND --help" for details.',
    '',
  ].join('\n');
}

export function renderCommandHelp(command: Command): string {
  const rows = command.options.map((row) => [optionLabel(row), row.help + allowedValues(row)] as const);
  const width = rows.reduce((max, [label]) => Math.max(max, label.length), 0);
  return [
    `${command.summary}`,
    '',
    `Usage: jobtrace ${command.name}${command.operands === '' ? '' : ` ${command.operands}`} [OPTION…]`,
    '',
    ...rows.map(([label, help]) => `  ${label.padEnd(width)}  ${help}`),
    ...(command.inputs === undefined ? [] : ['', 'FILE may be:', ...command.inputs.map((line) => `  ${line}`)]),
    ...(command.examples === undefined ? [] : ['', 'Examples:', ...command.examples.map((line) => `  ${line}`)]),
    '',
  ].join('\n');
}

function optionLabel(row: OptionRow): string {
  const short = row.short === undefined ? '    ' : `-${row.short}, `;
  return `${short}--${row.name}${row.value === undefined ? '' : ` ${row.value}`}`;
}

function allowedValues(row: OptionRow): string {
  return row.values === undefined ? '' : ` (${row.values.join(', ')})`;
}
