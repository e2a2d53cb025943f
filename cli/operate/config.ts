// Implements "jobtrace config print": prints the settings in use with their origins and hides secrets. Also implements
// "jobtrace config check": reports everything that a service would reject, before a rollout. core/config/ defines which
// settings are secret.
import { describeSettings } from '../../core/config/describe.js';
import { CONFIG_OPTION, DATA_OPTION, STORE_OPTION, type Command } from '../command.js';
import { readSettings } from '../settings.js';
import { write } from '../terminal/write.js';

export const CONFIG_PRINT: Command = {
  name: 'config print',
  operands: '',
  summary: 'Print the settings with their source; secrets are hidden.',
  options: [
    CONFIG_OPTION,
    DATA_OPTION,
    STORE_OPTION,
    { name: 'format', value: 'FORMAT', values: ['text', 'json'], help: 'Output format.' },
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

export const CONFIG_CHECK: Command = {
  name: 'config check',
  operands: '',
  summary: 'Validate settings, teams, routes and rules as a service does at its start.',
  options: [
    CONFIG_OPTION,
    {
      name: 'without-secrets',
      help: 'Skip the secret files (urlFile, tokenFile, …), for example on a build server.',
    },
  ],
  examples: ['jobtrace config check --config jobtrace.yaml', 'jobtrace config check --without-secrets'],
  run: async (invocation) => (await import('./config-check.js')).runCheck(invocation),
};
