// The text of a settings file → settings, as if it stood in /etc/jobtrace, where each secret's file says its own name.
// Called by the tests of this room.
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
