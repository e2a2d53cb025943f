// Defines the settings of the agent: the rows `agent.*` of the settings table, under their names without "agent.", and
// what it must know of the other stages. Nothing is declared here, so the table and the agent cannot drift apart.
// cli/service/services.ts picks the values out of the loaded settings; tests give the few that they need. Nothing here
// reads a file.
import { hostname } from 'node:os';
import { findZone } from '../core/time/zone.js';
import { defaultSettings, type Settings } from '../core/config/settings.js';

type OwnName<Name> = Name extends `agent.${infer Own}` ? Own : never;

export type AgentSettings = { readonly [Name in keyof Settings as OwnName<Name>]: Settings[Name] } & {
  /** Folder for checkpoints, the lock, dead letters and the spool. */
  readonly dataDir: string;
  /** True if other nodes write into the same store. */
  readonly isStoreShared: boolean;
};

const PREFIX = 'agent.';

/**
 * Picks the agent's settings. An empty `agent.host` becomes the host name of the system, an empty `agent.zone` the time
 * zone of this machine.
 */
export function pickAgentSettings(settings: Settings): AgentSettings {
  const own: Record<string, unknown> = {
    dataDir: settings.dataDir,
    isStoreShared: settings['store.kind'] !== 'sqlite',
  };
  for (const [name, value] of Object.entries(settings))
    if (name.startsWith(PREFIX)) own[name.slice(PREFIX.length)] = value;
  if (!isComplete(own)) throw new Error('the settings lack a row of the agent');
  return { ...own, host: own.host === '' ? hostname() : own.host, zone: findZone(own.zone) };
}

/** Fills missing settings with the defaults of the table. */
export function fillAgentSettings(given: Partial<AgentSettings> & Pick<AgentSettings, 'dataDir'>): AgentSettings {
  return { ...pickAgentSettings(defaultSettings()), ...given };
}

/**
 * Returns the settings of each worker, with the limits divided by the number of workers. Processor time is measured for
 * the whole process anyway.
 */
export function shareSettings(settings: AgentSettings): AgentSettings {
  const { workers, budgetBytes, maxBytesPerSecond, maxOpenFiles, inFlightBatches } = settings;
  const share = (whole: number): number => Math.max(1, Math.floor(whole / workers));
  return {
    ...settings,
    budgetBytes: share(budgetBytes),
    maxBytesPerSecond: maxBytesPerSecond === 0 ? 0 : share(maxBytesPerSecond),
    maxOpenFiles: share(maxOpenFiles),
    inFlightBatches: share(inFlightBatches),
  };
}

/**
 * Settings that a running agent cannot change, because they are a part of ids or records, or of what is already open.
 */
const FIXED: ReadonlySet<string> = new Set([
  'host',
  'cluster',
  'dataDir',
  'isStoreShared',
  'listen',
  'workers',
  'maxEntryBytes',
  'startFromEndAfterMs',
  'kubernetes',
  'kubernetesDir',
]);

export interface SettingsChange {
  /** Settings that take effect from now on. */
  readonly settings: AgentSettings;
  /** Names of the settings that changed. */
  readonly changed: readonly string[];
  /** Names of the settings that changed in the file and wait for a restart. */
  readonly waiting: readonly string[];
}

export function compareSettings(current: AgentSettings, next: AgentSettings): SettingsChange {
  const before = new Map<string, unknown>(Object.entries(current));
  const different = Object.entries(next).filter(
    ([name, value]) => JSON.stringify(value) !== JSON.stringify(before.get(name)),
  );
  const [waiting, changed] = [true, false].map((isFixed) => different.filter(([name]) => FIXED.has(name) === isFixed));
  const settings = { ...current, ...Object.fromEntries(changed ?? []) };
  return { settings, changed: listNames(changed), waiting: listNames(waiting) };
}

function listNames(rows: readonly (readonly [string, unknown])[] = []): readonly string[] {
  return rows.map(([name]) => `${PREFIX}${name}`);
}

function isComplete(own: Record<string, unknown>): own is AgentSettings {
  return Object.keys(defaultSettings()).every((name) => !name.startsWith(PREFIX) || name.slice(PREFIX.length) in own);
}
