// Reads the settings from the settings file, the environment and the command line, and provides the part of each stage.
// core/config/ defines valid values.
import { readdirSync, readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { basename, dirname, join, resolve } from 'node:path';
import { loadSettings, type SettingsFile } from '../core/config/load.js';
import type { LoadedSettings, Settings } from '../core/config/settings.js';
import { createError } from '../core/errors.js';
import { findZone } from '../core/time/zone.js';
import type { Proxies } from '../core/proxy.js';
import type { Language } from '../core/types.js';
import type { Invocation, Terminal } from './command.js';
import { describeFault } from '../core/fault.js';
import { fitsGlob, parseGlob } from '../core/text/glob.js';

/** Setting of each flag. */
const FLAGS: Readonly<Record<string, keyof Settings>> = {
  data: 'dataDir',
  listen: 'api.listen',
  'log-level': 'logLevel',
  lang: 'language',
};

/** Process of a cluster installation. Each process reads only the secrets that it uses. */
export type ServicePart = 'agent' | 'analyzer' | 'api';

const USES_SECRET: Readonly<Record<ServicePart, (name: string) => boolean>> = {
  agent: (name) => name.startsWith('store.') || name.startsWith('agent.'),
  analyzer: (name) => !name.startsWith('api.') && name !== 'teams.tokens',
  api: () => true,
};

export interface SettingsOptions {
  readonly overrides?: Readonly<Partial<Record<keyof Settings, unknown>>>;
  readonly part?: ServicePart;
  /** Reads the file of a secret; by default from the disk. */
  readonly readSecret?: (path: string) => string;
}

type SettingsSource = Pick<Invocation, 'option'> & { readonly terminal: Pick<Terminal, 'environment'> };

export interface ReadSettings extends LoadedSettings {
  /** Paths of all files and folders that were read, including included folders, to watch for changes. */
  readonly sources: readonly string[];
}

/** Reads the settings. Throws JT_CONFIG_NOT_FOUND, JT_CONFIG_INVALID, JT_CONFIG_SECRET_TWICE or JT_FILE_UNREADABLE. */
export function readSettings(invocation: SettingsSource, options: SettingsOptions = {}): ReadSettings {
  const path = findSettingsFile(invocation);
  const sources = new Set<string>();
  const flags: Record<string, unknown> = { ...options.overrides };
  for (const [flag, name] of Object.entries(FLAGS)) {
    const value = invocation.option(flag);
    if (value !== undefined) flags[name] = value;
  }
  const url = invocation.option('store');
  if (url !== undefined) {
    flags['store.kind'] = 'elasticsearch';
    flags['store.urls'] = [url];
  } else if (invocation.option('data') !== undefined) flags['store.kind'] = 'sqlite';
  const open = (file: string): SettingsFile => {
    sources.add(resolve(file));
    const folder = dirname(resolve(file));
    return { path: file, text: readText(file, 'JT_CONFIG_NOT_FOUND'), resolvePath: (given) => resolve(folder, given) };
  };
  const { readSecret = (file: string) => readText(file, 'JT_FILE_UNREADABLE').trim(), part } = options;
  const loaded = loadSettings({
    file: path === undefined ? undefined : open(path),
    environment: invocation.terminal.environment,
    flags,
    readIncluded: (pattern) => {
      // The agent does not use teams.
      if (part === 'agent') return [];
      const { folder, files } = findIncluded(pattern);
      if (folder !== undefined) sources.add(folder);
      return files.map(open);
    },
    readSecret: (file) => {
      sources.add(file);
      return readSecret(file);
    },
    usesSecret: part === undefined ? undefined : USES_SECRET[part],
  });
  return { ...loaded, sources: [...sources] };
}

/** Returns the files of one `include` pattern, by name. A path without `*` is a file, which must exist. */
function findIncluded(pattern: string): { readonly folder?: string; readonly files: readonly string[] } {
  const name = basename(pattern);
  if (!name.includes('*')) return { files: [pattern] };
  const folder = dirname(pattern);
  const glob = parseGlob(name);
  try {
    const files = readdirSync(folder).filter((file) => !file.startsWith('.') && fitsGlob(glob, file));
    return { folder, files: files.sort().map((file) => join(folder, file)) };
  } catch (error) {
    throw createError('JT_CONFIG_NOT_FOUND', { path: pattern, problem: describeFault(error) }, error);
  }
}

/** Returns the path of the settings file; undefined if none is named. */
export function findSettingsFile(invocation: SettingsSource): string | undefined {
  return invocation.option('config') ?? invocation.terminal.environment['JOBTRACE_CONFIG'];
}

export function hostOf(settings: Settings): string {
  return settings['agent.host'] === '' ? hostname() : settings['agent.host'];
}

function readText(path: string, code: 'JT_CONFIG_NOT_FOUND' | 'JT_FILE_UNREADABLE'): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw createError(code, { path, problem: describeFault(error) }, error);
  }
}

export function extraFolders(invocation: Invocation): readonly string[] {
  return [...readSettings(invocation).settings['analyzer.rulesDirs'], ...invocation.options('rules')];
}

/** Parses an address. `name` is the name of its setting, for the error. */
export function readAddress(name: string, text: string): { readonly host: string; readonly port: number } {
  const problem = findAddressProblem(name, text);
  if (problem !== undefined) throw createError('JT_CONFIG_INVALID', { problems: `  ${problem}` });
  const [, host = '', port] = ADDRESS.exec(text) ?? [];
  return { host, port: Number(port) };
}

const ADDRESS = /^\[?([^\]]*?)\]?:(\d+)$/;
const MAX_PORT = 65_535;

export function findAddressProblem(name: string, text: string): string | undefined {
  const port = ADDRESS.exec(text)?.[2];
  return port === undefined || Number(port) > MAX_PORT ? `${name} is "${text}", but must be HOST:PORT` : undefined;
}

export function languageOf(settings: Settings): Language {
  return settings.language === 'zh' ? 'zh' : 'en';
}

export function proxiesOf(settings: Settings): Proxies {
  return {
    http: settings['proxy.http'],
    https: settings['proxy.https'],
    all: settings['proxy.all'],
    bypass: settings['proxy.bypass'],
  };
}

/** Returns the zone of timestamps without one: from the settings, otherwise of this machine. */
export function zoneOf(settings: Settings): string {
  return findZone(settings['agent.zone']);
}
