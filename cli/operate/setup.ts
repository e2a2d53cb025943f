// Implements "jobtrace setup": prepares Elasticsearch for an installation (index templates, a role for each process,
// keys on request), or prints what it would do. store/elasticsearch/templates.ts defines the content.
import { closeSync, existsSync, fsyncSync, openSync, readFileSync, renameSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { createError } from '../../core/errors.js';
import { describeFault } from '../../core/fault.js';
import { openSetup, type Setup, type SetupPlan, type SetupStep } from '../../store/open.js';
import { CONFIG_OPTION, STORE_OPTION, type Command, type Invocation, type Terminal } from '../command.js';
import { elasticsearchOf } from '../service/open.js';
import { readSettings } from '../settings.js';
import { write } from '../terminal/write.js';

export const SETUP: Command = {
  name: 'setup',
  operands: '',
  summary: 'Create index templates and least-privilege roles in Elasticsearch.',
  options: [
    CONFIG_OPTION,
    STORE_OPTION,
    {
      name: 'dry-run',
      help: 'Change nothing; print the requests for Dev Tools in Kibana.',
    },
    {
      name: 'keys',
      value: 'DIR',
      help: 'Also create an API key for each part, in DIR/jobtrace-PART.env; existing files stay.',
    },
    { name: 'days', value: 'N', help: 'With --keys: days until new keys expire (default: never).' },
    { name: 'rotate', help: 'With --keys: replace existing files by new keys; the previous keys stay valid.' },
    {
      name: 'retire',
      help: 'With --keys: revoke all keys of these parts except those in DIR; run it when every part uses its new key.',
    },
    { name: 'ca', value: 'FILE', help: 'CA certificate of Elasticsearch (store.caFile).' },
  ],
  examples: [
    'jobtrace setup --store https://es:9200 --dry-run',
    'JOBTRACE_STORE_USERNAME=elastic JOBTRACE_STORE_PASSWORD=… jobtrace setup --store https://es:9200 --ca ca.pem --keys /etc/jobtrace',
    'jobtrace setup --config admin.yaml --keys /etc/jobtrace --rotate --days 90',
  ],
  run: runSetup,
};

async function runSetup(invocation: Invocation): Promise<number> {
  const { terminal } = invocation;
  const ca = invocation.option('ca');
  const { settings } = readSettings(invocation, {
    overrides: ca === undefined ? {} : { 'store.caFile': ca },
    part: 'agent',
  });
  const order = readKeyOrder(invocation);
  if (settings['store.kind'] !== 'elasticsearch')
    throw createError('JT_USAGE', {
      problem: 'setup prepares Elasticsearch, but the store is the embedded one, which needs nothing.',
      command: 'setup',
    });
  const setup = await openSetup(elasticsearchOf(settings));
  try {
    const plan = await setup.plan();
    if (order !== undefined && plan.security === 'off')
      throw createError('JT_USAGE', {
        problem: 'Security is off in this Elasticsearch, so it has no API keys.',
        command: 'setup',
      });
    if (invocation.has('dry-run')) await printPlan(plan, terminal);
    else await carryOut(setup, plan, terminal);
    if (order !== undefined) await makeKeys(setup, order, invocation);
    if (plan.security === 'off')
      await write(terminal, 'Security is off: no roles were created, and anyone has full access.\n');
    return 0;
  } finally {
    await setup.close();
  }
}

async function printPlan({ steps }: SetupPlan, terminal: Terminal): Promise<void> {
  for (const step of steps) {
    await write(terminal, `# ${step.kind} ${step.name}: ${step.decision}\n`);
    if (step.isChange) await write(terminal, `PUT ${step.path}\n${JSON.stringify(step.body, undefined, 2)}\n\n`);
  }
}

async function carryOut(setup: Setup, plan: SetupPlan, terminal: Terminal): Promise<void> {
  await setup.run(plan);
  for (const step of plan.steps) await write(terminal, `${step.kind} ${step.name}: ${describeOutcome(step)}\n`);
}

const OUTCOMES: Readonly<Record<SetupStep['decision'], string>> = {
  missing: 'created',
  older: 'updated from an older release',
  changed: 'replaced, it had been changed',
  unseen: 'created',
  same: 'up to date',
  newer: 'skipped, it is from a newer release',
};

function describeOutcome({ decision }: SetupStep): string {
  return OUTCOMES[decision];
}

/** Options about keys. */
interface KeyOrder {
  readonly folder: string;
  readonly days: number | undefined;
  readonly rotates: boolean;
  readonly retires: boolean;
}

function readKeyOrder({ option, has }: Invocation): KeyOrder | undefined {
  const [folder, days] = [option('keys'), option('days')];
  const refuse = (problem: string): Error => createError('JT_USAGE', { problem, command: 'setup' });
  if (folder === undefined) {
    const alone = ['days', 'rotate', 'retire'].find((name) => has(name) || option(name) !== undefined);
    if (alone !== undefined) throw refuse(`--${alone} is about the keys of --keys DIR, which is missing.`);
    return undefined;
  }
  if (days !== undefined && !/^[1-9]\d{0,3}$/.test(days))
    throw refuse(`--days is "${days}", but must be a whole number of days from 1 to 9999.`);
  return {
    folder,
    days: days === undefined ? undefined : Number(days),
    rotates: has('rotate'),
    retires: has('retire'),
  };
}

/** Writes one file for each process, in the format of environment files for systemd, Docker and Kubernetes. */
async function makeKeys(setup: Setup, order: KeyOrder, { terminal, has }: Invocation): Promise<void> {
  for (const part of setup.parts) {
    const path = join(order.folder, `jobtrace-${part}.env`);
    const outcome = has('dry-run')
      ? 'not created'
      : await makeKey(path, order, () => setup.createKey(part, order.days));
    await write(terminal, `key ${path}: ${outcome}\n`);
    if (!order.retires || has('dry-run')) continue;
    const ended = await setup.retireKeys(part, readKeyId(path));
    await write(terminal, `revoked keys of ${part}: ${ended}\n`);
  }
}

const VARIABLE = 'JOBTRACE_STORE_API_KEY';

/**
 * Creates a key and writes it to a file. It opens the file first, because a key that cannot be saved would be lost but
 * still be valid.
 */
async function makeKey(
  path: string,
  { rotates }: KeyOrder,
  createKey: () => Promise<string>,
): Promise<'created' | 'renewed' | 'kept'> {
  const isThere = existsSync(path);
  if (isThere && !rotates) return 'kept';
  const next = `${path}.new`;
  const file = openNew(next);
  try {
    writeSync(file, `${VARIABLE}=${await createKey()}\n`);
    fsyncSync(file);
    renameSync(next, path);
    return isThere ? 'renewed' : 'created';
  } catch (error) {
    rmSync(next, { force: true });
    throw error;
  } finally {
    closeSync(file);
  }
}

function openNew(path: string): number {
  try {
    return openSync(path, 'w', 0o600);
  } catch (error) {
    throw createError('JT_FILE_UNWRITABLE', { path, problem: describeFault(error) }, error);
  }
}

/**
 * Returns the id of the key in a file. Throws JT_FILE_UNREADABLE, because without the id the key in use would be ended.
 */
function readKeyId(path: string): string {
  const encoded = new RegExp(`^${VARIABLE}=(\\S+)$`, 'm').exec(readFileSync(path, 'utf8'))?.[1] ?? '';
  const [id = '', secret = ''] = Buffer.from(encoded, 'base64').toString('utf8').split(':');
  if (id !== '' && secret !== '') return id;
  throw createError('JT_FILE_UNREADABLE', { path, problem: `it has no key named ${VARIABLE}` });
}
