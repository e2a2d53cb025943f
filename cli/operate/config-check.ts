// Implements "jobtrace config check": checks settings, teams, routes and rules as a service does at its start. Only
// that command loads this module, because it imports every channel.
import { existsSync } from 'node:fs';
import { loadCatalog } from '../../analyzer/catalog/catalog.js';
import type { ReceiverSettings } from '../../core/config/receiver.js';
import type { Settings } from '../../core/config/settings.js';
import { createError } from '../../core/errors.js';
import { countOf } from '../../core/text/count.js';
import { CHANNELS } from '../../notify/channels/table.js';
import { readRouting } from '../../notify/policy.js';
import { createRoutingContext } from '../../notify/routing/context.js';
import { listNodes } from '../../notify/routing/tree.js';
import type { Invocation } from '../command.js';
import { findServiceProblems } from '../service/check.js';
import { readSettings } from '../settings.js';
import { write } from '../terminal/write.js';

/** Checks everything. Throws JT_CONFIG_INVALID, JT_RULE_INVALID or JT_FILE_UNREADABLE. */
export async function runCheck(invocation: Invocation): Promise<number> {
  const isWithout = invocation.has('without-secrets');
  const { settings } = readSettings(invocation, isWithout ? { readSecret: () => UNREAD } : {});
  const receivers = settings['notify.receivers'].map(completeUnread);
  const problems = findServiceProblems({ ...settings, 'notify.receivers': receivers });
  if (problems.length > 0)
    throw createError('JT_CONFIG_INVALID', { problems: problems.map((problem) => `  ${problem}`).join('\n') });
  const folders = settings['analyzer.rulesDirs'];
  for (const folder of folders.filter((item) => !existsSync(item)))
    throw createError('JT_FILE_UNREADABLE', { path: folder, problem: 'it does not exist' });
  const ownRules = loadCatalog({ extra: folders }).rules.length - loadCatalog().rules.length;
  await write(invocation.terminal, `${describeChecked(settings, ownRules)}\n`);
  return 0;
}

/** Placeholder of a secret that is not read; it has the form of an address and of a token. */
const UNREAD = 'https://unread.invalid/a-secret-that-was-not-read';

/** Replaces an address that was not read by an example of its service. */
function completeUnread(receiver: ReceiverSettings): ReceiverSettings {
  return receiver.url === UNREAD ? { ...receiver, url: CHANNELS[receiver.kind].settings.example } : receiver;
}

function describeChecked(settings: Settings, ownRules: number): string {
  const receivers = settings['notify.receivers'].map(({ name }) => name);
  const { tree } = createRoutingContext({ ...readRouting(settings), receivers });
  const counts = [
    [settings['notify.teams'].length, 'team'],
    [receivers.length, 'receiver'],
    [listNodes(tree).length, 'route'],
    [settings['api.tokens'].length, 'token'],
    [ownRules, 'own rule'],
  ] as const;
  return `The settings are valid: ${counts.map(([count, noun]) => countOf(count, noun)).join(', ')}.`;
}
