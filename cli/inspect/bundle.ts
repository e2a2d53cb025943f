// Implements "jobtrace bundle": writes the data for an investigation of one incident to a .tar.gz: the card, the stored
// incident, the lines around it as logs that "jobtrace diagnose" can read, and the settings without secrets. The agent
// redacted the lines before they were stored.
import { toIso } from '../../core/time/iso.js';
import { writeFileSync } from 'node:fs';
import { userInfo } from 'node:os';
import { basename } from 'node:path';
import { createAudit } from '../../api/auth/audit.js';
import { describeSettings } from '../../core/config/describe.js';
import type { LoadedSettings, Settings } from '../../core/config/settings.js';
import { createError, JobtraceError } from '../../core/errors.js';
import { errorText } from '../../core/fault.js';
import { linkIncident, nameIncident, renderIncidentMarkdown } from '../../core/wording/markdown.js';
import type { Incident } from '../../core/documents/incident.js';
import type { Language, LogRecord } from '../../core/types.js';
import { countOf } from '../../core/text/count.js';
import type { Store } from '../../store/store.js';
import { CONFIG_OPTION, DATA_OPTION, LANG_OPTION, STORE_OPTION, type Command, type Invocation } from '../command.js';
import { openExistingStore } from '../service/open.js';
import { languageOf, readSettings } from '../settings.js';
import { createAuditLog } from '../service/audit-log.js';
import { write, writeNote } from '../terminal/write.js';
import { VERSION } from '../version.js';
import type { TarFile } from './tar.js';

/** Time before the incident, in milliseconds, that is included, because the origin of a failure precedes it. */
const BEFORE_MS = 5 * 60_000;
const AFTER_MS = 60_000;
/** Largest number of characters of lines, because a bundle is sent by mail. */
const MAX_UNITS = 64 * 1_048_576;
const PAGE_SIZE = 1000;

export const BUNDLE: Command = {
  name: 'bundle',
  operands: '',
  summary: 'Export an incident as an archive: its card, its log lines, and the settings without secrets.',
  options: [
    { name: 'job', value: 'JOB', help: 'Name or id of a job: its latest incident.' },
    { name: 'incident', value: 'ID', help: 'Id of the incident.' },
    { name: 'output', short: 'o', value: 'FILE', help: 'The .tar.gz to write (default jobtrace-INCIDENT.tar.gz).' },
    DATA_OPTION,
    STORE_OPTION,
    CONFIG_OPTION,
    LANG_OPTION,
  ],
  examples: ['jobtrace bundle --job orders -o orders.tar.gz', 'jobtrace diagnose orders.tar.gz'],
  run: runBundle,
};

async function runBundle(invocation: Invocation): Promise<number> {
  const [job, id] = [invocation.option('job'), invocation.option('incident')];
  if ((job === undefined) === (id === undefined))
    throw createError('JT_USAGE', { problem: 'bundle needs either --job or --incident.', command: 'bundle' });
  const loaded = readSettings(invocation);
  const store = await openExistingStore(loaded.settings);
  try {
    const incident = await (id === undefined ? findLatest(store, job ?? '') : store.findIncident(id));
    if (incident === undefined)
      throw createError('JT_NOT_FOUND', {
        what: id === undefined ? `An incident of the job "${job}"` : `The incident "${id}"`,
      });
    const language = languageOf(loaded.settings);
    const logs = await readLogs(store, incident);
    const files = [...logs.files, ...describeIncident(incident, loaded, language)];
    await noteBundle(
      loaded.settings,
      incident.id,
      `${countOf(logs.lines, 'record')} of the job ${incident.job?.name ?? incident.job?.id ?? '–'}`,
      invocation,
    );
    const path = invocation.option('output') ?? `jobtrace-${nameFile(incident.id)}.tar.gz`;
    const { packFiles } = await import('./tar.js');
    writeBundle(path, packFiles(files, new Date()));
    await write(
      invocation.terminal,
      `${path}: ${nameIncident(incident, language)}, ${countOf(logs.lines, 'record')} of ${countOf(logs.files.length, 'file')}${logs.isCut ? ' (truncated: the latest records did not fit)' : ''}.\n`,
    );
    return 0;
  } finally {
    await store.close();
  }
}

/** Writes an audit entry. A user who may only read the store gets a notice that there is no entry. */
async function noteBundle(settings: Settings, id: string, detail: string, { terminal }: Invocation): Promise<void> {
  try {
    const store = await openExistingStore(settings, 'write');
    try {
      const audit = createAudit(store, Date.now, createAuditLog(settings['api.auditFile'], undefined));
      await audit.note({ who: userInfo().username, by: 'shell', what: 'read.bundle', about: id, detail });
    } finally {
      await store.close();
    }
  } catch (error) {
    if (!(error instanceof JobtraceError)) throw error;
    writeNote(terminal, `Not written to the audit log: ${error.message}\n`);
  }
}

async function findLatest(store: Store, job: string): Promise<Incident | undefined> {
  const [own] = await store.findIncidents({ jobId: job, limit: 1 });
  if (own !== undefined) return own;
  return (await store.findIncidents({ limit: 10_000 })).find((incident) => incident.job?.name === job);
}

function describeIncident(incident: Incident, loaded: LoadedSettings, language: Language): readonly TarFile[] {
  const link = linkIncident(loaded.settings['api.publicUrl'], incident.id);
  const about = { jobtrace: VERSION, node: process.version, platform: `${process.platform} ${process.arch}` };
  return [
    { path: 'card.md', text: renderIncidentMarkdown(incident, { language, link }) },
    { path: 'incident.json', text: renderJson(incident) },
    { path: 'settings.json', text: renderJson(describeSettings(loaded)) },
    { path: 'about.json', text: renderJson(about) },
  ];
}

function renderJson(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}

interface BundledLogs {
  readonly files: readonly TarFile[];
  readonly lines: number;
  readonly isCut: boolean;
}

/** Reads the records of the job, or of the failed processes, around the incident; one log for each file of a node. */
async function readLogs(store: Store, incident: Incident): Promise<BundledLogs> {
  const { job, cluster, firstSeen, lastSeen } = incident;
  const range = { from: shiftTime(firstSeen, -BEFORE_MS), to: shiftTime(lastSeen, AFTER_MS) };
  const logs = new Map<string, string[]>();
  let [units, lines, isCut] = [0, 0, false];
  let after: string | undefined;
  do {
    const page = await store.findRecords({
      ...range,
      ...(job === undefined ? { cluster } : { job: job.id }),
      limit: PAGE_SIZE,
      order: 'oldest',
      after,
    });
    for (const record of page.records) {
      const text = record['event.original'];
      units += text.length + 1;
      isCut ||= units > MAX_UNITS;
      if (isCut) break;
      lines += 1;
      const log = logs.get(nameLog(record)) ?? [];
      log.push(text);
      logs.set(nameLog(record), log);
    }
    after = isCut ? undefined : page.next;
  } while (after !== undefined);
  return { files: [...logs].map(([path, texts]) => ({ path, text: `${texts.join('\n')}\n` })), lines, isCut };
}

function shiftTime(time: string | undefined, byMs: number): string | undefined {
  return time === undefined ? undefined : toIso(Date.parse(time) + byMs);
}

/** Returns the name of a log in the bundle. It keeps the file name, because Flink's names identify the process. */
function nameLog(record: LogRecord): string {
  return `logs/${nameFile(record['host.name']).slice(-40)}/${nameFile(basename(record['log.file.path'])).slice(-50)}`;
}

function nameFile(text: string): string {
  return text.replaceAll(/[^\w.-]/g, '_');
}

function writeBundle(path: string, bytes: Buffer): void {
  try {
    writeFileSync(path, bytes, { mode: 0o600 });
  } catch (error) {
    throw createError('JT_FILE_UNWRITABLE', { path, problem: errorText(error) }, error);
  }
}
