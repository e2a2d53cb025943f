// Tests the image: buildah builds it from the packed package, on a base like the one that users have. It runs as
// intended: by a user without rights, on a root file system that is read-only except for /data.
import { execFileSync, spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { chownSync, cpSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { PACKAGE_ROOT, VERSION } from '../../cli/version.js';
import { findFreePorts } from '../../lab/parts/process.js';
import { isObject } from '../../core/json.js';
import { waitUntil } from '../program.js';
import { findObstacle, makeBases, npmVolumes, openBuildah, type Buildah } from './image.js';
import { mirrorRe2, packTarball } from './packed.js';

const MAX_MEGABYTES = 250;
const USER = 10_001;
const RULE = 'network.insufficient-buffers/total';
const LOG = join(PACKAGE_ROOT, 'rules', 'recordings', `${RULE.replace('/', '.')}.log`);
const IMAGE = 'localhost/jobtrace';

/**
 * Shell script that runs a command of the image in a separate mount namespace, which nobody else sees. $0 is the root
 * of the image, $1 the folder for /data, $2 the folder for /mnt; the command follows.
 */
const READ_ONLY = `root=$0 data=$1 logs=$2; shift 2
mount --bind "$root" "$root" && mount -o remount,ro,bind "$root" || exit 99
mount --bind "$data" "$root/data" && mount --bind "$logs" "$root/mnt" && mount -o remount,ro,bind "$root/mnt" || exit 99
mount --bind /dev "$root/dev" && mount -t proc proc "$root/proc" || exit 99
exec chroot --userspec=${USER}:${USER} "$root" "$@"`;

const obstacle = findObstacle();
if (obstacle !== undefined && process.env['CI'] === 'true') throw new Error(`The image cannot be built: ${obstacle}.`);
if (obstacle !== undefined) console.warn(`SKIPPED: the image: ${obstacle}`);

describe.skipIf(obstacle !== undefined)('the image', () => {
  const folder = mkdtempSync(join(tmpdir(), 'jobtrace-image-'));
  const [context, data, logs, re2] = ['context', 'data', 'logs', 're2'].map((name) => join(folder, name)) as [
    string,
    string,
    string,
    string,
  ];
  let buildah: Buildah;
  let config: Readonly<Record<string, unknown>>;
  let container: string;
  let root: string;
  let service: ChildProcess | undefined;

  beforeAll(async () => {
    for (const path of [context, data, logs]) mkdirSync(path);
    chownSync(data, USER, USER);
    cpSync(LOG, join(logs, 'flink-taskexecutor.log'));
    await packTarball(context);
    cpSync(join(PACKAGE_ROOT, 'package-lock.json'), join(context, 'package-lock.json'));
    buildah = openBuildah();
    const { base, buildBase } = await makeBases(buildah);
    const args = { BASE: base, BUILD_BASE: buildBase, ...mirrorRe2(re2), RE2_DOWNLOAD_MIRROR: '/re2' };
    const given = Object.entries(args).flatMap(([name, value]) => ['--build-arg', `${name}=${value}`]);
    const how = ['--isolation', 'chroot', '--format', 'docker', '--pull-never', ...npmVolumes()];
    const what = ['--volume', `${re2}:/re2:ro`, '--file', join(PACKAGE_ROOT, 'docker', 'Dockerfile'), context];
    await buildah.run(['bud', ...how, ...given, '--tag', IMAGE, ...what]);
    config = readConfig(await buildah.run(['inspect', '--type', 'image', IMAGE]));
    container = await buildah.run(['from', '--pull-never', IMAGE]);
    root = await buildah.run(['mount', container]);
  }, 600_000);
  afterAll(async () => {
    service?.kill('SIGKILL');
    await buildah.close();
    rmSync(folder, { recursive: true, force: true });
  });

  const harden = (command: readonly string[], env: Readonly<Record<string, string>> = {}): readonly string[] => {
    const variables = [...listOf('Env'), ...Object.entries(env).map(([name, value]) => `${name}=${value}`)];
    return ['-m', 'sh', '-c', READ_ONLY, root, data, logs, '/usr/bin/env', '-i', ...variables, ...command];
  };
  const listOf = (name: string): readonly string[] => {
    const value = config[name];
    return Array.isArray(value) ? value.map(String) : [];
  };

  it('is small, belongs to a user without rights, and says how it is asked for its health', () => {
    const bytes = Number(execFileSync('du', ['-sb', '-x', root], { encoding: 'utf8' }).split('\t')[0]);

    expect(bytes / 1_000_000).toBeLessThan(MAX_MEGABYTES);
    expect(config).toMatchObject({
      User: `${USER}:${USER}`,
      Volumes: { '/data': {} },
      ExposedPorts: { '8321/tcp': {} },
    });
    expect(config['Healthcheck']).toMatchObject({ Test: ['CMD', 'node', '/opt/jobtrace/docker/health.js'] });
  });

  it('diagnoses a recording', async () => {
    const run = ['run', '--isolation', 'chroot', '--volume', `${logs}:/logs:ro`, container, '--'];

    expect(await buildah.run([...run, ...listOf('Entrypoint'), '--version'])).toBe(VERSION);
    expect(await buildah.run([...run, 'jobtrace', 'diagnose', '/logs'])).toContain(RULE);
    expect(await buildah.run([...run, 'id', '-u'])).toBe(`${USER}`);
  });

  it('runs everything on a read-only file system, and its health check answers', async () => {
    const [port = 0] = await findFreePorts(1);
    const env = {
      JOBTRACE_LISTEN: `127.0.0.1:${port}`,
      JOBTRACE_HEALTH_URL: `http://127.0.0.1:${port}/health/live`,
    };
    const { Test: check } = config['Healthcheck'] as { readonly Test: readonly string[] };
    const askHealth = (): number | null => spawnSync('unshare', harden(check.slice(1), env)).status;
    let said = '';

    expect(spawnSync('unshare', harden(['touch', '/tmp/x']), { encoding: 'utf8' }).stderr).toContain('Read-only');
    expect(askHealth()).toBe(1);
    service = spawn('unshare', harden([...listOf('Entrypoint'), 'up', '/mnt'], env), { cwd: '/' });
    service.stdout?.on('data', (piece: Buffer) => (said += piece.toString('utf8')));
    service.stderr?.on('data', (piece: Buffer) => (said += piece.toString('utf8')));
    await waitUntil('the diagnosis', () => (said.includes(RULE) ? true : undefined), { saw: () => said });

    expect(askHealth()).toBe(0);
    const ended = once(service, 'exit');
    service.kill('SIGTERM');
    expect((await ended)[0]).toBe(0);
  });
});

function readConfig(text: string): Readonly<Record<string, unknown>> {
  const image: unknown = JSON.parse(text);
  const docker = isObject(image) ? image['Docker'] : undefined;
  const config = isObject(docker) ? docker['config'] : undefined;
  if (!isObject(config)) throw new Error(`buildah inspect said: ${text}`);
  return config;
}
