// Loads settings from the text of a settings file, as if it were in /etc/jobtrace. The content of each secret's file is
// derived from its path. For the tests of this folder.
import { loadSettings, type SettingsInput } from '../load.js';
import type { LoadedSettings } from '../settings.js';

export function loadText(text: string | undefined, more: Partial<SettingsInput> = {}): LoadedSettings {
  return loadSettings({
    file: text === undefined ? undefined : { path: 'jobtrace.yaml', text, resolvePath: resolveSample },
    environment: {},
    flags: {},
    readIncluded: () => [],
    readSecret: (path) => (path.endsWith('url') ? `https://content-of${path}` : `content-of${path}`),
    ...more,
  });
}

export function resolveSample(path: string): string {
  return `/etc/jobtrace/${path}`;
}
