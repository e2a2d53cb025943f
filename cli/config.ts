// "jobtrace config print": the settings as Jobtrace sees them, secrets hidden, each with where it came from. Called
// through the table of main.ts; which settings are secret stands in core/config/.
import { describeSettings } from '../core/config/describe.js';
import { CONFIG_OPTION, DATA_OPTION, STORE_OPTION, type Command } from './command.js';
import { readSettings } from './settings.js';
import { write } from './terminal/write.js';

export const CONFIG_PRINT: Command = {
  name: 'config print',
  operands: '',
  summary: 'Prints the settings, secrets hidden, and where each came from.',
  options: [
    CONFIG_OPTION,
    DATA_OPTION,
    STORE_OPTION,
    { name: 'format', value: 'FORMAT', values: ['text', 'json'], help: 'How to print.' },
  ],
  examples: ['jobtrace config print --config jobtrace.yaml'],
  run: async (invocation) => {
    const rows = describeSettings(readSettings(invocation));
    const { terminal } = invocation;
    if (invocation.option('format') === 'json') await write(terminal, `${JSON.stringify(rows, null, 2)}\n`);
    else for (const row of rows) await write(terminal, `${row.name}: ${JSON.stringify(row.value)}  # ${row.origin}\n`);
    return 0;
  },
};
