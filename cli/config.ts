// "jobtrace config print": the settings as Jobtrace sees them, secrets hidden, each with where it came from.
// "jobtrace config check": everything that a service would refuse, before it is rolled out. Which settings are secret
// stands in core/config/.
import { existsSync } from 'node:fs';
import { loadCatalog } from '../analyzer/catalog/catalog.js';
import type { ReceiverSettings } from '../core/config/rows/receiver.js';
import type { Settings } from '../core/config/settings.js';
import { createError } from '../core/errors.js';
import { CHANNELS } from '../notify/channels/table.js';
import { listNodes } from '../notify/routing/tree.js';
import { readScene } from '../notify/routing/scene.js';
import { readRouting } from '../notify/policy.js';
import { findServiceProblems } from './service/check.js';
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

export const CONFIG_CHECK: Command = {
  name: 'config check',
  operands: '',
  summary: 'Checks settings, teams, routes and rules as a service would at its start; prints all mistakes.',
  options: [
    CONFIG_OPTION,
    {
      name: 'without-secrets',
      help: 'Does not read the files of secrets (urlFile, tokenFile, …), which a build server does not have.',
    },
  ],
  examples: ['jobtrace config check --config jobtrace.yaml', 'jobtrace config check --without-secrets'],
  run: async (invocation) => {
    const isWithout = invocation.has('without-secrets');
    const { settings } = readSettings(invocation, isWithout ? { readSecret: () => UNREAD } : {});
    const problems = findServiceProblems({
      ...settings,
      'notify.receivers': settings['notify.receivers'].map(completeUnread),
    }).map((problem) => `  ${problem}`);
    if (problems.length > 0) throw createError('JT_CONFIG_INVALID', { problems: problems.join('\n') });
    const folders = settings['analyzer.rulesDirs'];
    for (const folder of folders.filter((item) => !existsSync(item)))
      throw createError('JT_FILE_UNREADABLE', { path: folder, problem: 'it does not exist' });
    const own = loadCatalog({ extra: folders }).rules.length - loadCatalog().rules.length;
    await write(invocation.terminal, `${describeChecked(settings, own)}\n`);
    return 0;
  },
};

/** Has the form of an address and of a token. */
const UNREAD = 'https://unread.invalid/a-secret-that-was-not-read';

/** An address that was not read is taken for one as its service gives it. */
function completeUnread(receiver: ReceiverSettings): ReceiverSettings {
  return receiver.url === UNREAD ? { ...receiver, url: CHANNELS[receiver.kind].settings.example } : receiver;
}

function describeChecked(settings: Settings, ownRules: number): string {
  const receivers = settings['notify.receivers'].map(({ name }) => name);
  const { tree } = readScene({ ...readRouting(settings), receivers });
  const counts = [
    [settings['notify.teams'].length, 'team'],
    [receivers.length, 'receiver'],
    [listNodes(tree).length, 'route'],
    [settings['api.tokens'].length, 'token'],
    [ownRules, 'own rule'],
  ] as const;
  return `The settings are valid: ${counts.map(([count, noun]) => `${count} ${noun}${count === 1 ? '' : 's'}`).join(', ')}.`;
}
