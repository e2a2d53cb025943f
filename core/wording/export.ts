// Renders incidents as rows for other programs: CSV (RFC 4180, one line for each incident, for a spreadsheet) and
// NDJSON (one complete JSON document for each line). Pure functions.
import type { Incident } from '../documents/incident.js';
import type { Language } from '../types.js';
import { showHidden } from '../text/hidden.js';
import { nameIncident } from './markdown.js';

export const EXPORT_FORMATS = ['csv', 'ndjson', 'markdown'] as const;
export type ExportFormat = (typeof EXPORT_FORMATS)[number];

type Cell = string | number | undefined;

/** Columns of the CSV. New columns are added at the end, so that readers by position keep working. */
const COLUMNS: readonly (readonly [name: string, read: (incident: Incident, language: Language) => Cell])[] = [
  ['id', ({ id }) => id],
  ['firstSeen', ({ firstSeen }) => firstSeen],
  ['lastSeen', ({ lastSeen }) => lastSeen],
  ['cluster', ({ cluster }) => cluster],
  ['jobId', ({ job }) => job?.id],
  ['jobName', ({ job }) => job?.name],
  ['process', ({ process }) => process],
  ['outcome', ({ outcome }) => outcome],
  ['restarts', ({ restarts }) => restarts],
  ['cause', ({ diagnoses }, language) => diagnoses[language][0]?.cause],
  ['rule', ({ diagnoses }, language) => diagnoses[language][0]?.rule],
  ['severity', ({ diagnoses }, language) => diagnoses[language][0]?.severity],
  ['owner', ({ diagnoses, unknown }, language) => diagnoses[language][0]?.owner ?? unknown[0]?.owner],
  ['confidence', ({ diagnoses }, language) => diagnoses[language][0]?.confidence],
  ['title', nameIncident],
  ['summary', ({ diagnoses, unknown }, language) => diagnoses[language][0]?.summary ?? unknown[0]?.message],
  ['fix', ({ diagnoses }, language) => diagnoses[language][0]?.fixes[0]?.text],
  ['parent', ({ parent }) => parent],
];

/** Renders a header and one line for each incident; lines end with CR LF. */
export function renderCsv(incidents: readonly Incident[], language: Language): string {
  const rows = [
    COLUMNS.map(([name]) => name),
    ...incidents.map((item) => COLUMNS.map(([, read]) => read(item, language))),
  ];
  return rows.map((row) => `${row.map(renderCell).join(',')}\r\n`).join('');
}

/**
 * Renders one cell. A spreadsheet reads a text that begins with = + - or @ as a formula; an apostrophe in front
 * prevents that.
 */
export function renderCell(cell: Cell): string {
  if (typeof cell !== 'string') return cell === undefined ? '' : String(cell);
  const shown = showHidden(cell);
  const text = /^[=+\-@\t\r]/.test(shown) ? `'${shown}` : shown;
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

export function renderNdjson(items: readonly object[]): string {
  return items.map((item) => `${JSON.stringify(item)}\n`).join('');
}
