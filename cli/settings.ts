// Command line → settings: reads the settings file, the environment and the flags, and hands each stage its part.
// Called by the commands; what is a valid value stands in core/config/.
import { readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { dirname, resolve } from 'node:path';
import { loadSettings } from '../core/config/load.js';
import type { LoadedSettings, Settings } from '../core/config/settings.js';
import { createError } from '../core/errors.js';
import type { Language } from '../core/types.js';
import type { Invocation, Terminal } from './command.js';
import { describeFault } from '../core/fault.js';

/** Flag → setting. */
const FLAGS: Readonly<Record<string, keyof Settings>> = {
  data: 'dataDir',
  listen: 'api.listen',
  'log-level': 'logLevel',
  lang: 'language',
};

/** Throws JT_CONFIG_NOT_FOUND, JT_CONFIG_INVALID or JT_CONFIG_SECRET_TWICE. */
export function readSettings(
  invocation: Pick<Invocation, 'option'> & { readonly terminal: Pick<Terminal, 'environment'> },
  overrides: Readonly<Partial<Record<keyof Settings, unknown>>> = {},
): LoadedSettings {
  const path = findSettingsFile(invocation);
  const base = path === undefined ? process.cwd() : dirname(resolve(path));
  const flags: Record<string, unknown> = { ...overrides };
  for (const [flag, name] of Object.entries(FLAGS)) {
    const value = invocation.option(flag);
    if (value !== undefined) flags[name] = value;
  }
  const url = invocation.option('store');
  if (url !== undefined) {
    flags['store.kind'] = 'elasticsearch';
    flags['store.urls'] = [url];
  } else if (invocation.option('data') !== undefined) flags['store.kind'] = 'sqlite';
  return loadSettings({
    file: path === undefined ? undefined : { path, text: readText(path, 'JT_CONFIG_NOT_FOUND') },
    environment: invocation.terminal.environment,
    flags,
    resolvePath: (given) => resolve(base, given),
    readSecret: (given) => readText(given, 'JT_FILE_UNREADABLE').trim(),
  });
}

/** Undefined: nobody named one. */
export function findSettingsFile(
  invocation: Pick<Invocation, 'option'> & { readonly terminal: Pick<Terminal, 'environment'> },
): string | undefined {
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

/** `name` is that of the setting, for the error. */
export function readAddress(name: string, text: string): { readonly host: string; readonly port: number } {
  const [, host, port] = /^\[?([^\]]*?)\]?:(\d+)$/.exec(text) ?? [];
  if (host === undefined || port === undefined || Number(port) > 65_535)
    throw createError('JT_CONFIG_INVALID', { problems: `  ${name} is "${text}", but must be HOST:PORT` });
  return { host, port: Number(port) };
}

export function languageOf(settings: Settings): Language {
  return settings.language === 'zh' ? 'zh' : 'en';
}

/** Zone of timestamps that name none: the settings', else this machine's. */
export function zoneOf(settings: Settings): string {
  if (settings['agent.zone'] !== '') return settings['agent.zone'];
  return isAlwaysUtc() ? 'UTC' : Intl.DateTimeFormat().resolvedOptions().timeZone;
}

/** Most servers; without loading the tables of all zones. */
function isAlwaysUtc(): boolean {
  const year = new Date().getFullYear();
  return [0, 3, 6, 9].every((month) => new Date(year, month).getTimezoneOffset() === 0);
}
