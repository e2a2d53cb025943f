// Provides what the test of the image needs where no image can be downloaded: a base like debian:bookworm-slim, made by
// debootstrap from the Debian mirror of this machine, a second one with this Node.js and npm for the build, and
// buildah, which builds and runs without a service (chroot isolation), in a separate storage.
import { execFile, execFileSync, spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, realpathSync, renameSync, rmSync, symlinkSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { cacheDir, withLock } from '../../lab/parts/cache.js';

const RELEASE = 'bookworm';
/** Paths that debian:*-slim leaves out of Debian. */
const LEFT_OUT = [
  'var/cache/apt',
  'var/lib/apt/lists',
  ...['doc', 'info', 'locale', 'man'].map((name) => `usr/share/${name}`),
];
const CERTIFICATES = '/etc/ssl/certs/ca-certificates.crt';

/** Returns the reason why no image can be built here, or undefined. */
export function findObstacle(): string | undefined {
  if (process.getuid?.() !== 0) return 'this is not root';
  const missing = ['buildah', 'debootstrap', 'strip'].filter(
    (name) => spawnSync(name, ['--version']).error !== undefined,
  );
  return missing.length === 0
    ? undefined
    : `${missing.join(', ')} missing (apt-get install buildah debootstrap binutils)`;
}

export interface Buildah {
  /** Resolves to its trimmed output; rejects with its error text. */
  run(args: readonly string[]): Promise<string>;
  close(): Promise<void>;
}

export function openBuildah(): Buildah {
  const storage = mkdtempSync(join(tmpdir(), 'jobtrace-buildah-'));
  const place = ['--root', join(storage, 'root'), '--runroot', join(storage, 'run')];
  const run = async (args: readonly string[]): Promise<string> => {
    const { stdout } = await promisify(execFile)('buildah', [...place, ...args], { maxBuffer: 64 * 1_048_576 });
    return stdout.trim();
  };
  return {
    run,
    close: async () => {
      await run(['umount', '--all']);
      await run(['rm', '--all']);
      spawnSync('umount', [join(storage, 'root', 'overlay')]);
      rmSync(storage, { recursive: true, force: true });
    },
  };
}

/** Makes the two base images in the form of the Dockerfile's own bases and returns their names in the storage. */
export async function makeBases(buildah: Buildah): Promise<{ readonly base: string; readonly buildBase: string }> {
  const debian = await bootstrapDebian();
  const path = 'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';
  const base = await commitFilled(buildah, { from: 'scratch', name: 'localhost/debian', env: [path] }, (root) => {
    execFileSync('cp', ['-a', `${debian}/.`, root]);
  });
  const env = [`NODE_EXTRA_CA_CERTS=${CERTIFICATES}`];
  const buildBase = await commitFilled(buildah, { from: base, name: 'localhost/node', env }, addNode);
  return { base, buildBase };
}

/** Returns the volumes for `buildah bud`: npm of this machine with its settings and its cache. */
export function npmVolumes(): readonly string[] {
  const cache = execFileSync('npm', ['config', 'get', 'cache'], { encoding: 'utf8' }).trim();
  const volumes: readonly (readonly [string, string])[] = [
    [cache, '/root/.npm'],
    [join(homedir(), '.npmrc'), '/root/.npmrc:ro'],
    [dirname(CERTIFICATES), `${dirname(CERTIFICATES)}:ro`],
  ];
  return volumes.filter(([path]) => existsSync(path)).flatMap(([path, inside]) => ['--volume', `${path}:${inside}`]);
}

/** Makes a minimal Debian, which is kept with the real parts, because unpacking takes half a minute. */
async function bootstrapDebian(): Promise<string> {
  const folder = join(cacheDir(), `debian-${RELEASE}`);
  await withLock(
    'debian',
    () => undefined,
    async () => {
      if (existsSync(folder)) return;
      const unfinished = `${folder}.unfinished`;
      rmSync(unfinished, { recursive: true, force: true });
      await promisify(execFile)('debootstrap', ['--variant=minbase', RELEASE, unfinished, findMirror()]);
      for (const path of LEFT_OUT) rmSync(join(unfinished, path), { recursive: true, force: true });
      renameSync(unfinished, folder);
    },
  );
  return folder;
}

/** Finds the mirror from which apt of this machine gets that release. */
function findMirror(): string {
  const args = ['indextargets', '--format', '$(RELEASE) $(SITE)', 'Created-By: Packages'];
  const targets = execFileSync('apt-get', args, { encoding: 'utf8' }).split('\n');
  const site = targets.find((line) => line.startsWith(`${RELEASE} `))?.split(' ')[1];
  if (site === undefined) throw new Error(`apt of this machine has no source of Debian ${RELEASE}.`);
  return site;
}

async function commitFilled(
  buildah: Buildah,
  { from, name, env }: { readonly from: string; readonly name: string; readonly env: readonly string[] },
  fill: (root: string) => void,
): Promise<string> {
  const container = await buildah.run(['from', '--pull-never', from]);
  fill(await buildah.run(['mount', container]));
  await buildah.run(['umount', container]);
  await buildah.run(['config', ...env.flatMap((variable) => ['--env', variable]), container]);
  await buildah.run(['commit', '--rm', '--format', 'docker', container, name]);
  return name;
}

/** Adds this Node.js and its npm at the paths of the official images, and `strip` with its libraries. */
function addNode(root: string): void {
  const [bin, modules] = [join(root, 'usr', 'local', 'bin'), join(root, 'usr', 'local', 'lib', 'node_modules')];
  mkdirSync(modules, { recursive: true });
  cpSync(realpathSync(process.execPath), join(bin, 'node'));
  const npm = realpathSync(execFileSync('sh', ['-c', 'command -v npm'], { encoding: 'utf8' }).trim());
  cpSync(dirname(dirname(npm)), join(modules, 'npm'), { recursive: true });
  symlinkSync('../lib/node_modules/npm/bin/npm-cli.js', join(bin, 'npm'));
  const linked = execFileSync('ldd', ['/usr/bin/strip'], { encoding: 'utf8' });
  for (const path of ['/usr/bin/strip', ...[...linked.matchAll(/=> (\/\S+)/g)].map(([, path = '']) => path)])
    if (!existsSync(join(root, path))) cpSync(realpathSync(path), join(root, path));
}
