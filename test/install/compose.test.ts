// Checks docker/compose.yaml as far as this is possible without Docker: what it names exists (files, volumes, services,
// health checks), its parts are hardened, only this machine can reach it, and each program in it accepts its settings.
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { COMMANDS } from '../../cli/main.js';
import { readSettings } from '../../cli/settings.js';
import { PACKAGE_ROOT } from '../../cli/version.js';
import type { Settings } from '../../core/config/settings.js';

interface Service {
  readonly image: string;
  readonly build?: { readonly context: string; readonly dockerfile: string };
  readonly command?: string | readonly string[];
  readonly entrypoint?: readonly string[];
  readonly read_only?: boolean;
  readonly cap_drop?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  readonly ports?: readonly string[];
  readonly volumes?: readonly string[];
  readonly healthcheck?: { readonly disable?: boolean };
  readonly depends_on?: Readonly<Record<string, { readonly condition: string }>>;
}

const DOCKER = join(PACKAGE_ROOT, 'docker');
const TOKEN = /^The token of the page http:\/\/localhost:8321: (\S{32})\n$/;
const compose = parse(readFileSync(join(DOCKER, 'compose.yaml'), 'utf8'), { merge: true }) as {
  readonly services: Readonly<Record<string, Service>>;
  readonly volumes: Readonly<Record<string, unknown>>;
};
const services = Object.entries(compose.services);
const ours = services.filter(([, { build }]) => build !== undefined);

function readMounts(service: Service | undefined): { readonly source: string; readonly target: string }[] {
  return (service?.volumes ?? []).map((text) => {
    const [source = '', target = ''] = text.split(':');
    return { source, target };
  });
}

describe('docker/compose.yaml', () => {
  const folder = mkdtempSync(join(tmpdir(), 'jobtrace-compose-'));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it.each(services)('%s mounts what there is, and waits for what says when it is ready', (_name, service) => {
    for (const { source } of readMounts(service))
      expect(source.startsWith('.') ? existsSync(join(DOCKER, source)) : source in compose.volumes, source).toBe(true);
    for (const [name, { condition }] of Object.entries(service.depends_on ?? {})) {
      const other = compose.services[name];
      expect(other, name).toBeDefined();
      if (condition === 'service_healthy') expect(other?.healthcheck ?? {}).not.toEqual({});
    }
    for (const port of service.ports ?? []) expect(port).toMatch(/^127\.0\.0\.1:/);
  });

  it.each(ours)('%s is of our image, runs a command of ours and has no rights', (name, service) => {
    expect(service).toMatchObject({ read_only: true, cap_drop: ['ALL'], image: 'jobtrace:local' });
    expect(existsSync(join(DOCKER, service.build?.context ?? '', service.build?.dockerfile ?? ''))).toBe(true);
    if (name !== 'token') expect(COMMANDS.map((command) => command.name)).toContain(service.command?.[0]);
  });

  it('gives Flink the separation kit, and the agent what it writes', () => {
    for (const name of ['jobmanager', 'taskmanager'])
      expect(readMounts(compose.services[name])).toEqual([
        { source: './flink/log4j-console.properties', target: '/opt/flink/conf/log4j-console.properties' },
        { source: 'flink-logs', target: '/opt/flink/log' },
      ]);
    expect(readMounts(compose.services['agent'])).toContainEqual({ source: 'flink-logs', target: '/logs' });
  });

  it('makes a token once', () => {
    const make = (): string =>
      execFileSync(process.execPath, [join(DOCKER, 'compose', 'token.mjs'), join(folder, 'token')], {
        encoding: 'utf8',
      });
    const [first, second] = [make(), make()];

    expect(TOKEN.exec(first)?.[1]).toBe(readFileSync(join(folder, 'token'), 'utf8'));
    expect(second).toBe(first);
  });

  it('has settings that every part takes, which name its services and its folders', () => {
    const settings = readAs(compose.services['api']?.environment ?? {});
    const hosts = [...settings['store.urls'], ...settings['notify.receivers'].map(({ url }) => url)].map(
      (url) => new URL(url).hostname,
    );

    expect(hosts).toEqual(['elasticsearch', 'alertmanager']);
    expect(Object.keys(compose.services)).toEqual(expect.arrayContaining(hosts));
    expect(readMounts(compose.services['agent']).map(({ target }) => target)).toEqual(
      expect.arrayContaining([...settings['agent.paths']]),
    );
    expect(settings['api.listen']).toBe('0.0.0.0:8321');
    expect(settings['api.tokens']).toMatchObject([{ name: 'trial', role: 'admin' }]);
  });

  it.skipIf(spawnSync('amtool', ['--version']).error !== undefined)('has settings that Alertmanager takes', () => {
    const said = execFileSync('amtool', ['check-config', join(DOCKER, 'compose', 'alertmanager.yaml')], {
      encoding: 'utf8',
    });

    expect(said).toContain('SUCCESS');
  });

  /** Reads the settings, with the token at a path that this machine has. */
  function readAs(environment: Readonly<Record<string, string>>): Settings {
    const path = join(folder, 'jobtrace.yaml');
    const text = readFileSync(join(DOCKER, 'compose', 'jobtrace.yaml'), 'utf8');
    writeFileSync(path, text.replaceAll('/run/jobtrace', folder));
    const terminal = { environment: { ...environment, JOBTRACE_CONFIG: path } };
    return readSettings({ option: () => undefined, terminal }).settings;
  }
});
