// What the agent can be told: the rows `agent.*` of the settings table, under their names without "agent.", and what
// it must know of the other stages. Nothing is declared here, so the table and the agent cannot drift apart.
// cli/service/services.ts picks the values out of the loaded settings; tests give the few they need. Nothing here
// reads a file.
import { hostname } from 'node:os';
import { defaultSettings, type Settings } from '../core/config.js';

type OwnName<Name> = Name extends `agent.${infer Own}` ? Own : never;

export type AgentSettings = { readonly [Name in keyof Settings as OwnName<Name>]: Settings[Name] } & {
  /** Folder for checkpoints, the lock, dead letters and the spool. */
  readonly dataDir: string;
  /** Other nodes write into the same store. */
  readonly isStoreShared: boolean;
};

const PREFIX = 'agent.';

/** An empty `agent.host` becomes the name the system gives. */
export function pickAgentSettings(settings: Settings): AgentSettings {
  const own: Record<string, unknown> = {
    dataDir: settings.dataDir,
    isStoreShared: settings['store.kind'] !== 'sqlite',
  };
  for (const [name, value] of Object.entries(settings))
    if (name.startsWith(PREFIX)) own[name.slice(PREFIX.length)] = value;
  if (!isComplete(own)) throw new Error('the settings lack a row of the agent');
  return { ...own, host: own.host === '' ? hostname() : own.host };
}

/** Fills what is not given with the defaults of the table. */
export function fillAgentSettings(given: Partial<AgentSettings> & Pick<AgentSettings, 'dataDir'>): AgentSettings {
  return { ...pickAgentSettings(defaultSettings()), ...given };
}

function isComplete(own: Record<string, unknown>): own is AgentSettings {
  return Object.keys(defaultSettings()).every((name) => !name.startsWith(PREFIX) || name.slice(PREFIX.length) in own);
}
