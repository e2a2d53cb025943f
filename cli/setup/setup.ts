// "jobtrace setup": puts into Elasticsearch what an installation needs before it runs (index templates, a role for each
// part, keys on request), or says what it would. What that is stands in store/elasticsearch/setup/.
import { closeSync, openSync, rmSync, writeSync } from 'node:fs';
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
  summary: 'Prepares Elasticsearch: index templates, and a role with the least rights for each part.',
  options: [
    CONFIG_OPTION,
    STORE_OPTION,
    {
      name: 'dry-run',
      help: 'Changes nothing; prints what would be made, as requests that the console of Kibana takes.',
    },
    {
      name: 'keys',
      value: 'DIR',
      help: 'Also makes an API key for each part, in DIR/jobtrace-PART.env; a file that is there is left alone.',
    },
  ],
  examples: [
    'jobtrace setup --store https://es:9200 --dry-run',
    'JOBTRACE_STORE_USERNAME=elastic JOBTRACE_STORE_PASSWORD=… jobtrace setup --store https://es:9200 --keys /etc/jobtrace',
  ],
  run: runSetup,
};

async function runSetup(invocation: Invocation): Promise<number> {
  const { terminal } = invocation;
  const { settings } = readSettings(invocation);
  if (settings['store.kind'] !== 'elasticsearch')
    throw createError('JT_USAGE', {
      problem: 'setup prepares Elasticsearch, but the store is the embedded one, which needs nothing.',
      command: 'setup',
    });
  const setup = await openSetup(elasticsearchOf(settings));
  try {
    const plan = await setup.plan();
    const keys = invocation.option('keys');
    if (keys !== undefined && plan.security === 'off')
      throw createError('JT_USAGE', {
        problem: 'This Elasticsearch has security off: it has no keys.',
        command: 'setup',
      });
    if (invocation.has('dry-run')) await printPlan(plan, terminal);
    else await carryOut(setup, plan, terminal);
    if (keys !== undefined) await makeKeys(setup, keys, invocation);
    if (plan.security === 'off') await write(terminal, 'Security is off: everybody may do everything, no roles.\n');
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
  missing: 'made',
  older: 'replaced, it was of an older release',
  changed: 'replaced, it said something else',
  unseen: 'made',
  same: 'is there',
  newer: 'left alone, it is of a newer release',
};

function describeOutcome({ decision }: SetupStep): string {
  return OUTCOMES[decision];
}

/** One file for each part, as systemd, Docker and Kubernetes read variables. */
async function makeKeys(setup: Setup, folder: string, { terminal, has }: Invocation): Promise<void> {
  for (const part of setup.parts) {
    const path = join(folder, `jobtrace-${part}.env`);
    const outcome = has('dry-run') ? 'not made' : await makeKey(path, () => setup.createKey(part));
    await write(terminal, `key ${path}: ${outcome}\n`);
  }
}

/** The file comes first: a key that could not be kept would be lost and yet work. */
async function makeKey(path: string, createKey: () => Promise<string>): Promise<'made' | 'is there'> {
  const file = openNew(path);
  if (file === undefined) return 'is there';
  try {
    writeSync(file, `JOBTRACE_STORE_API_KEY=${await createKey()}\n`);
    return 'made';
  } catch (error) {
    rmSync(path, { force: true });
    throw error;
  } finally {
    closeSync(file);
  }
}

/** Undefined: there is one. */
function openNew(path: string): number | undefined {
  try {
    return openSync(path, 'wx', 0o600);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return undefined;
    throw createError('JT_FILE_UNWRITABLE', { path, problem: describeFault(error) }, error);
  }
}
