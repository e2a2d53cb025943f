// Implements "jobtrace delete": deletes records permanently, including quotes and copies of them, directly in the store
// and as the user who runs it. It shows the counts and asks first; the audit log records the user and the counts.
import { userInfo } from 'node:os';
import { createInterface } from 'node:readline';
import { createAudit } from '../../api/auth/audit.js';
import { createError } from '../../core/errors.js';
import { omitMissing } from '../../core/json.js';
import { readMoment } from '../../core/time/moment.js';
import {
  countErasable,
  describeCounts,
  describeFilter,
  erase,
  type EraseCounts,
  type EraseFilter,
} from '../../store/erase.js';
import { PLACE_OPTIONS, FORMAT_OPTION } from './access-lists.js';
import type { Command, Invocation, Terminal } from '../command.js';
import { openExistingStore } from '../service/open.js';
import { createAuditLog } from '../service/audit-log.js';
import { readSettings } from '../settings.js';
import { write, writeNote } from '../terminal/write.js';

export const DELETE: Command = {
  name: 'delete',
  operands: '',
  summary: 'Permanently delete records, and the incidents, messages and annotations that quote them.',
  options: [
    { name: 'cluster', value: 'NAME', help: 'Records of this cluster.' },
    { name: 'job', value: 'JOB', help: 'Records of the job with this id or name.' },
    { name: 'contains', value: 'TEXT', help: 'Records that contain this phrase (whole words, any case).' },
    { name: 'file', value: 'PATH', help: 'Records of this log file; * matches any text.' },
    { name: 'after', value: 'TIME', help: 'Start time: 15m, 2h, 7d or an ISO time.' },
    { name: 'before', value: 'TIME', help: 'End time: 15m, 2h, 7d or an ISO time.' },
    { name: 'dry-run', help: 'Print how much would be deleted, and delete nothing.' },
    { name: 'yes', help: 'Do not ask for confirmation.' },
    ...PLACE_OPTIONS,
    FORMAT_OPTION,
  ],
  examples: [
    "jobtrace delete --contains 'anna@example.com' --dry-run",
    'jobtrace delete --job orders --before 30d',
    'jobtrace delete --cluster session-old --yes',
  ],
  run: async (invocation) => {
    const { terminal } = invocation;
    const filter = readFilter(invocation);
    const { settings } = readSettings(invocation);
    const store = await openExistingStore(settings, invocation.has('dry-run') ? 'read' : 'write');
    try {
      const expected = await countErasable(store, filter);
      if (invocation.has('dry-run')) return await report(invocation, expected, true);
      if (!invocation.has('yes') && !(await agrees(terminal, expected, filter))) {
        writeNote(terminal, 'Nothing was deleted.\n');
        return 1;
      }
      const audit = createAudit(store, Date.now, createAuditLog(settings['api.auditFile'], undefined));
      const note = (what: string, detail: string): Promise<void> =>
        audit.note({ who: userInfo().username, by: 'shell', what, detail });
      await note('delete.begin', describeFilter(filter));
      const counts = await erase(store, filter);
      await note('delete', `${describeCounts(counts)}: ${describeFilter(filter)}`);
      return await report(invocation, counts, false);
    } finally {
      await store.close();
    }
  },
};

function readFilter(invocation: Invocation): EraseFilter {
  const [cluster, job, contains, file] = ['cluster', 'job', 'contains', 'file'].map((name) => invocation.option(name));
  if ([cluster, job, contains, file].every((value) => value === undefined))
    throw createError('JT_USAGE', {
      problem: 'delete needs one of --cluster, --job, --contains and --file, so that not everything is deleted.',
      command: 'delete',
    });
  const [from, to] = ['after', 'before'].map((name) => readTime(name, invocation.option(name)));
  return omitMissing({ cluster, job, contains, file, from, to });
}

function readTime(name: string, text: string | undefined): string | undefined {
  if (text === undefined) return undefined;
  const time = readMoment(text, Date.now());
  if (time !== undefined) return time;
  throw createError('JT_USAGE', {
    problem: `--${name} is "${text}", but must be a duration such as 15m, 2h or 7d, or an ISO time.`,
    command: 'delete',
  });
}

/** Asks for confirmation. Throws JT_USAGE if standard input is not a terminal. */
async function agrees(terminal: Terminal, counts: EraseCounts, filter: EraseFilter): Promise<boolean> {
  if (terminal.stdin.isTTY !== true)
    throw createError('JT_USAGE', {
      problem: `delete would delete ${describeCounts(counts)}: pass --yes, because there is no terminal to confirm.`,
      command: 'delete',
    });
  writeNote(
    terminal,
    `${describeCounts(counts)} (${describeFilter(filter)}) will be permanently deleted. Type "yes" to continue: `,
  );
  const lines = createInterface({ input: terminal.stdin });
  try {
    for await (const line of lines) return line.trim().toLowerCase() === 'yes';
    return false;
  } finally {
    lines.close();
  }
}

async function report({ option, terminal }: Invocation, counts: EraseCounts, isDryRun: boolean): Promise<number> {
  await write(
    terminal,
    option('format') === 'json'
      ? `${JSON.stringify({ dryRun: isDryRun, ...counts }, null, 2)}\n`
      : `${describeCounts(counts)} ${isDryRun ? 'would be' : 'were'} deleted.\n`,
  );
  return 0;
}
